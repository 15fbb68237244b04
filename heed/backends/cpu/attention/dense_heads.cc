#include "heed/backends/cpu/attention/dense_heads.h"

#include <algorithm>

namespace heed::cpu {

DenseHeads::DenseHeads(ExecutionContext& context, const ConstRows& source, std::int64_t rows,
                       int heads, std::int64_t size, bool copies) {
  if (!copies) {
    rows_ = {source.data, source.stride, size, size};
    return;
  }
  const std::int64_t stride = (size + attention_lanes - 1) / attention_lanes * attention_lanes;
  memory_ = Tensor::empty({heads, rows, stride});
  float* memory = memory_.values<float>().data();
  rows_ = {memory, stride, rows * stride, stride};
  run_rows(context, rows, heads * stride, [&](std::int64_t begin, std::int64_t end) {
    for (int head = 0; head < heads; ++head) {
      for (std::int64_t row = begin; row < end; ++row) {
        float* to = memory + (head * rows + row) * stride;
        std::copy_n(source[row] + head * size, size, to);
        std::fill(to + size, to + stride, 0.0f);
      }
    }
  });
}

bool worth_dense_heads(const AttentionPlan& plan) {
  std::int64_t keys = 0, read = 0;
  for (std::size_t s = 0; s + 1 < plan.query_offsets.size(); ++s) {
    const std::int64_t blocks = (plan.queries(s) + attention_tile - 1) / attention_tile;
    keys += plan.keys(s);
    read += plan.keys(s) * blocks * (plan.heads / plan.key_heads);
  }
  constexpr std::int64_t times = 2;
  return read >= times * keys && keys > attention_tile;
}

}  // namespace heed::cpu
