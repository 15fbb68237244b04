// Memory for the keys and values of tokens, one slot a token and one tensor a layer. A slot never
// moves while others are taken; only when all are used up do those that nobody has any more go, and
// the others move together.
//
// Belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "heed/tensor/tensor.h"

namespace heed {

class CacheSlots {
 public:
  explicit CacheSlots(std::size_t layers) : caches_(layers), moves_(layers) {}

  // Takes `count` slots side by side, in every layer, and returns the first. `in_use` names all
  // slots that are still needed, each as often as one likes, and -1 for none; when the others make
  // room, it holds the new places. `spare`: how many more are going to be asked for soon; 0: the
  // first ones are all.
  std::int64_t take(std::int64_t count, std::int64_t spare, std::vector<std::int32_t>& in_use);

  // The slots of a layer, [slots, width], in the type and on the device of `like`.
  const Tensor& of(std::size_t layer, std::int64_t width, const Tensor& like);

  // Writes `rows` [count, width] into the slots of a layer from `first` on; shares their memory
  // where they fill all slots that there are.
  void put(std::size_t layer, std::int64_t first, const Tensor& rows);

 private:
  // Keeps the slots that `in_use` names, and says where each was.
  void keep(std::vector<std::int32_t>& in_use);
  // Brings the slots of a layer to where keep() has them.
  Tensor moved_slots(const Tensor& cache, std::int64_t width, const Tensor& like) const;

  std::vector<Tensor> caches_;  // by layer [capacity_, width]
  std::int64_t used_ = 0;
  std::int64_t capacity_ = 0;
  std::vector<std::int32_t> moved_;  // slot i of now was moved_[i]
  std::vector<char> moves_;          // by layer: whether its slots are still to be moved
};

}  // namespace heed
