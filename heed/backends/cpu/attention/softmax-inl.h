// The running softmax of a block of queries over tiles of keys (Milakov & Gimelshein, "Online
// normalizer calculation for softmax", 2018).
#include <cstddef>
#include <cstdint>
#include <limits>

#if defined(HEED_BACKENDS_CPU_ATTENTION_SOFTMAX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEED_BACKENDS_CPU_ATTENTION_SOFTMAX_INL_H_
#undef HEED_BACKENDS_CPU_ATTENTION_SOFTMAX_INL_H_
#else
#define HEED_BACKENDS_CPU_ATTENTION_SOFTMAX_INL_H_
#endif

#include "heed/backends/cpu/attention/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {

// Of one head and the item's queries, one lane each.
struct SoftmaxState {
  float* maximum;  // of the scores so far
  float* sum;      // of the exponentials so far
  float* factor;   // what the last tile multiplied earlier sums with; at the end 1 / sum
};

// Scores that a query must not see become -inf, as far down as the lanes from `column` on look.
HWY_INLINE void hide_unseen(const TileShape& shape, std::int64_t column, float* scores) {
  const FloatTag d;
  const auto nothing = hn::Set(d, -std::numeric_limits<float>::infinity());
  const std::int64_t seen = shape.seen[column / attention_lanes];
  for (std::int64_t j = shape.seen_by_all(column); j < seen; ++j) {
    float* at = scores + j * shape.columns;
    hn::Store(hn::IfThenElse(sees(d, shape, column, j), hn::Load(d, at), nothing), d, at);
  }
}

// Turns the scores [keys, columns] of a tile into exponentials and updates the state. `keep`: the
// weights that dropout keeps (AttentionMasks).
template <bool kDropout>
HWY_INLINE void exponentiate(const TileShape& shape, const std::uint64_t* keep, bool first,
                             const SoftmaxState& softmax, float* tile) {
  const FloatTag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const auto nothing = hn::Set(d, -std::numeric_limits<float>::infinity());
  for (std::int64_t column = 0; column < shape.columns; column += lanes) {
    const std::int64_t seen = shape.seen[column / attention_lanes];
    float* scores = tile + column;
    hide_unseen(shape, column, scores);
    auto maximum = first ? nothing : hn::Load(d, softmax.maximum + column);
    const auto earlier = maximum;
    auto other = maximum;
    std::int64_t j = 0;
    for (; j + 2 <= seen; j += 2) {
      maximum = hn::Max(maximum, hn::Load(d, scores + j * shape.columns));
      other = hn::Max(other, hn::Load(d, scores + (j + 1) * shape.columns));
    }
    if (j < seen) {
      other = hn::Max(other, hn::Load(d, scores + j * shape.columns));
    }
    maximum = hn::Max(maximum, other);
    const auto shift = hn::IfThenZeroElse(hn::Eq(maximum, nothing), maximum);
    auto sum = hn::Zero(d);
    for (j = 0; j < seen; ++j) {
      float* at = scores + j * shape.columns;
      auto weight = power_of_two(d, hn::Sub(hn::Load(d, at), shift));
      sum = hn::Add(sum, weight);
      if constexpr (kDropout) {
        weight = hn::IfThenElseZero(mask_from_bits(d, keep + j, column), weight);
      }
      hn::Store(weight, d, at);
    }
    for (; j < shape.keys; ++j) {
      hn::Store(hn::Zero(d), d, scores + j * shape.columns);
    }
    if (!first) {
      const auto factor = power_of_two(d, hn::Sub(earlier, shift));
      sum = hn::MulAdd(factor, hn::Load(d, softmax.sum + column), sum);
      hn::Store(factor, d, softmax.factor + column);
    }
    hn::Store(maximum, d, softmax.maximum + column);
    hn::Store(sum, d, softmax.sum + column);
  }
}

// A score without a value joins maximum and sum where anything was seen; factor = what that
// multiplies earlier sums with.
HWY_INLINE void join_sink(float sink, std::int64_t columns, const SoftmaxState& softmax) {
  const FloatTag d;
  const auto nothing = hn::Set(d, -std::numeric_limits<float>::infinity());
  const auto score = hn::Set(d, sink * attention_log2_e);
  for (std::int64_t column = 0; column < columns; column += hn::Lanes(d)) {
    const auto earlier = hn::Load(d, softmax.maximum + column);
    const auto maximum = hn::Max(earlier, score);
    const auto shift = hn::IfThenZeroElse(hn::Eq(maximum, nothing), maximum);
    const auto factor = power_of_two(d, hn::Sub(earlier, shift));
    const auto sum = hn::MulAdd(factor, hn::Load(d, softmax.sum + column),
                                power_of_two(d, hn::Sub(score, shift)));
    const auto empty = hn::Eq(earlier, nothing);
    hn::Store(hn::IfThenElse(empty, nothing, maximum), d, softmax.maximum + column);
    hn::Store(hn::IfThenZeroElse(empty, sum), d, softmax.sum + column);
    hn::Store(factor, d, softmax.factor + column);
  }
}

// factor = scale / sum, or 0 where nothing was seen; `sink` joins before, unless null.
HWY_INLINE void invert_sums(float scale, const float* sink, std::int64_t columns,
                            const SoftmaxState& softmax) {
  const FloatTag d;
  if (sink != nullptr) {
    join_sink(*sink, columns, softmax);
  }
  for (std::int64_t column = 0; column < columns; column += hn::Lanes(d)) {
    const auto sum = hn::Load(d, softmax.sum + column);
    auto numerator = hn::Set(d, scale);
    if (sink != nullptr) {
      numerator = hn::Mul(numerator, hn::Load(d, softmax.factor + column));
    }
    hn::Store(hn::IfThenZeroElse(hn::Eq(sum, hn::Zero(d)), hn::Div(numerator, sum)), d,
              softmax.factor + column);
  }
}

}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HEED_BACKENDS_CPU_ATTENTION_SOFTMAX_INL_H_
