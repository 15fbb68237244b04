// Packed copies of `b`, the right operand of products, and the memory of them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "heed/backends/cpu/matmul/pack.h"
#include "heed/backends/cpu/matmul/packed_cache.h"
#include "heed/kernels/kernel.h"
#include "heed/tensor/storage.h"

namespace heed::cpu {

// The summed axis, cut into chunks of about `limit` by its size alone.
struct DepthPlan {
  std::int64_t depth = 0;
  std::int64_t chunk = 0;  // a multiple of depth_unit
  std::int64_t count = 0;

  DepthPlan(std::int64_t k, std::int64_t limit) : depth(k) {
    const std::int64_t chunks = k > 0 ? (k + limit - 1) / limit : 1;
    chunk = std::max(depth_unit, round_up((k + chunks - 1) / chunks, depth_unit));
    count = (k + chunk - 1) / chunk;
  }
  std::int64_t begin(std::int64_t index) const { return index * chunk; }
  std::int64_t size(std::int64_t index) const { return std::min(chunk, depth - index * chunk); }
  // With the zeros.
  std::int64_t padded(std::int64_t index) const { return round_up(size(index), depth_unit); }
};

// `b` as stored: [k, n], or [n, k] when transposed; rows `stride` elements apart. `rounded` takes
// the place of `data` where it is stored in bfloat16: what a backward pass kept, or a weight that
// is kept so to save memory.
struct RightOperand {
  const float* data = nullptr;
  const BFloat16* rounded = nullptr;
  const std::int8_t* integers = nullptr;  // with the scale behind each row (kernels/matmul.h)
  std::int64_t stride = 0;
  bool transposed = false;
  std::int64_t n = 0;
  std::uint64_t stamp = 0;
};

// Chunks `first` … `last - 1` of `b` in column panels.
class PackedRight {
 public:
  PackedRight(ExecutionContext& context, const RightOperand& b, const DepthPlan& plan,
              std::int64_t first, std::int64_t last, PackedType type);

  // The panels of a chunk from `column` (a multiple of panel_columns) on.
  const std::byte* panels(std::int64_t chunk, std::int64_t column) const {
    return memory_.data() +
           (plan_.begin(chunk - first_) * columns_ + column * plan_.padded(chunk)) *
               static_cast<std::int64_t>(packed_size(type_));
  }
  std::size_t bytes() const { return memory_.size(); }

 private:
  void pack_rows_of(const RightOperand& b, std::int64_t chunk, std::int64_t row, std::int64_t rows);

  DepthPlan plan_;
  std::int64_t first_, columns_;
  PackedType type_;
  Storage memory_;
};

// The packed copy of a `b` with a stamp: packed at the first call and again when the stamp has
// changed. With `patience`: null for so many calls before it is packed.
std::shared_ptr<const PackedRight> packed_weights(ExecutionContext& context, const RightOperand& b,
                                                  const DepthPlan& plan, PackedType type,
                                                  int patience = 0);

// Whether packed_weights() would give a copy; counts as a call of it.
bool worth_packing(const RightOperand& b, const DepthPlan& plan, PackedType type, int patience);

PackedWeightStatistics packed_weight_statistics();

}  // namespace heed::cpu
