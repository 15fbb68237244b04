// The hypotheses of a decoding session, and what self-attention keeps of their tokens.
#pragma once

#include <span>
#include <vector>

#include "heed/nn/attention/multi_head.h"

namespace heed {

// A step writes k and v of its rows into the next free slots of a layer's cache (keys are kept as
// they are compared: normalized, turned by their positions); a hypothesis is a list of slots, and
// reordering hypotheses copies lists of integers. Only when the slots are used up are those that no
// hypothesis has any more dropped, and the others moved together. Invariant: all rows of a step
// have the same number of tokens, length().
class HypothesisCache {
 public:
  HypothesisCache(std::int64_t sentences, std::size_t layers);

  // Begins a step with rows that continue `parents` (of the first step: that belong to those
  // sentences), each with one more token. Errors (failure): a parent that the last step had not.
  void advance(std::span<const std::int32_t> parents);
  // Self-attention of layer `layer` for the rows' new tokens, x: [rows, d] → [rows, d].
  Tensor attend(std::size_t layer, const SelfAttention& attention, const Tensor& x,
                const PositionEncoding* positions, ForwardContext& context);

  // One token each, all at the same position.
  const Sequences& rows() const { return rows_; }
  // Tokens that each row has, that of this step included.
  std::int64_t length() const { return length_; }
  std::span<const std::int32_t> sentences() const { return sentences_; }  // [rows]
  std::span<const std::int32_t> places() const { return places_; }  // [rows], all length() - 1

 private:
  // Sees to slots for `rows` more; `histories` holds the slots that go on being used, and -1.
  void make_room(std::int64_t rows, std::vector<std::int32_t>& histories);
  // Brings the slots of a layer to where make_room() has them.
  void move_slots(Tensor& cache, std::int64_t columns, const Tensor& like) const;

  std::vector<Tensor> caches_;  // by layer [capacity_, width]: k, v
  std::int64_t used_ = 0;       // slots before this step
  std::int64_t capacity_ = 0;
  std::vector<std::int32_t> moved_;  // slot i of now was moved_[i] before this step
  std::vector<char> moves_;          // by layer: whether its slots are still to be moved
  std::int64_t length_ = 0;
  std::vector<std::int32_t> sentences_;
  std::vector<std::int32_t> histories_;  // [rows, length_] slots, oldest first
  std::vector<std::int32_t> begin_, end_, places_;
  Sequences rows_;
};

}  // namespace heed
