// The derivative of the softmax of a tile, from log_sum_exp and rowsum(dout ⊙ out).
#include <cstddef>
#include <cstdint>
#include <limits>

#if defined(HEED_BACKENDS_CPU_ATTENTION_DIFFERENTIATE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEED_BACKENDS_CPU_ATTENTION_DIFFERENTIATE_INL_H_
#undef HEED_BACKENDS_CPU_ATTENTION_DIFFERENTIATE_INL_H_
#else
#define HEED_BACKENDS_CPU_ATTENTION_DIFFERENTIATE_INL_H_
#endif

#include "heed/backends/cpu/attention/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {

// Of one head and a block of queries, one lane each.
struct RowSums {
  // log_sum_exp in units of log 2, +inf instead of -inf so that nothing seen weighs nothing.
  float* log_sum;
  float* weighted;  // rowsum(dout ⊙ out)
};

HWY_INLINE void compute_row_sums(const BackwardCall& call, std::int64_t row, int head,
                                 std::int64_t queries, std::int64_t columns, const RowSums& sums) {
  const FloatTag d;
  const std::int64_t size = call.sizes.value_size;
  for (std::int64_t i = 0; i < columns; ++i) {
    sums.log_sum[i] = 0;
    sums.weighted[i] = 0;
    if (i < queries) {
      const float value = call.log_sum_exp[row + i][head];
      const bool nothing = value == -std::numeric_limits<float>::infinity();
      sums.log_sum[i] = nothing ? -value : value * attention_log2_e;
      const float* dout = call.dout[row + i] + head * size;
      const float* out = call.out[row + i] + head * size;
      sums.weighted[i] = sum_vectors(d, static_cast<std::size_t>(size),
                                     [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
                                       return hn::Mul(load(d, dout + c, n), load(d, out + c, n));
                                     });
    }
  }
}

// The gradient of a sink: -Σ_i (its weight for query i) · weighted[i].
HWY_INLINE float sink_gradient(float sink, std::int64_t queries, const RowSums& sums) {
  const FloatTag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto score = hn::Set(d, sink * attention_log2_e);
  auto total = hn::Zero(d);
  for (std::int64_t i = 0; i < queries; i += lanes) {
    const auto weight = power_of_two(d, hn::Sub(score, hn::Load(d, sums.log_sum + i)));
    const auto term = hn::Mul(weight, hn::Load(d, sums.weighted + i));
    const std::int64_t count = std::min(lanes, queries - i);
    total = hn::Sub(total, first(d, term, static_cast<std::size_t>(count)));
  }
  return hn::GetLane(hn::SumOfLanes(d, total));
}

// weights: scores become the dropped weights P; gradients: d loss / d P becomes scale · ds. `keep`:
// the weights that dropout keeps (AttentionMasks).
template <bool kDropout>
HWY_INLINE void differentiate_softmax(const TileShape& shape, const RowSums& sums,
                                      const std::uint64_t* keep, float keep_scale, float ds_scale,
                                      float* weights, float* gradients) {
  const FloatTag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto scale = hn::Set(d, ds_scale);
  const auto dropout_scale = hn::Set(d, keep_scale);
  for (std::int64_t column = 0; column < shape.columns; column += lanes) {
    const auto log_sum = hn::Load(d, sums.log_sum + column);
    const auto weighted = hn::Load(d, sums.weighted + column);
    const std::int64_t everyone = shape.seen_by_all(column);
    const std::int64_t seen = shape.seen[column / attention_lanes];
    for (std::int64_t j = 0; j < shape.keys; ++j) {
      float* weight_at = weights + j * shape.columns + column;
      float* gradient_at = gradients + j * shape.columns + column;
      if (j >= seen) {
        hn::Store(hn::Zero(d), d, weight_at);
        hn::Store(hn::Zero(d), d, gradient_at);
        continue;
      }
      const auto weight = power_of_two(d, hn::Sub(hn::Load(d, weight_at), log_sum));
      auto gradient = hn::Load(d, gradient_at);
      auto dropped = weight;
      if constexpr (kDropout) {
        const auto kept = mask_from_bits(d, keep + j, column);
        gradient = hn::IfThenElseZero(kept, hn::Mul(gradient, dropout_scale));
        dropped = hn::IfThenElseZero(kept, hn::Mul(weight, dropout_scale));
      }
      auto ds = hn::Mul(hn::Mul(weight, scale), hn::Sub(gradient, weighted));
      if (j >= everyone) {
        const auto visible = sees(d, shape, column, j);
        dropped = hn::IfThenElseZero(visible, dropped);
        ds = hn::IfThenElseZero(visible, ds);
      }
      hn::Store(dropped, d, weight_at);
      hn::Store(ds, d, gradient_at);
    }
  }
}

}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HEED_BACKENDS_CPU_ATTENTION_DIFFERENTIATE_INL_H_
