// Attention of one query row over the entries of a cache that the row names: scores, softmax and
// weighted sum in the order of its entries. The rows of a beam name most of the same entries, which
// therefore come from the caches near the core.
#include <limits>
#include <vector>

#include "heed/backends/cpu/attention/work.h"
#include "heed/backends/cpu/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "heed/backends/cpu/attention/cached.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "heed/backends/cpu/attention/cached_terms-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {
namespace {

// The sums of a square of vectors, lane r that of row r.
HWY_INLINE FloatVec row_sums(FloatTag d, FloatVec* square) {
  transpose_square<lane_count>(d, square);
  for (std::size_t width = lane_count / 2; width > 0; width /= 2) {
    for (std::size_t r = 0; r < width; ++r) {
      square[r] = hn::Add(square[r], square[r + width]);
    }
  }
  return square[0];
}

// scores[count rounded up to whole vectors], -inf in the lanes beyond count; returns the maximum.
// kGaussian: of squared distances instead of products.
template <bool kGaussian>
FloatVec compute_scores(FloatTag d, const CachedHead& head, float* scores) {
  const auto nothing = hn::Set(d, -std::numeric_limits<float>::infinity());
  auto maximum = nothing;
  for (std::size_t begin = 0; begin < head.count; begin += lane_count) {
    const std::size_t count = std::min(lane_count, head.count - begin);
    FloatVec square[lane_count];
    for (std::size_t r = 0; r < lane_count; ++r) {
      // The rows beyond count repeat the last.
      const std::int32_t slot = head.slots[begin + std::min(r, count - 1)];
      const float* key = head.keys + slot * head.key_stride;
      auto sum = hn::Zero(d);
      for_each_vector(d, 0, head.head_size, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
        const auto x = load(d, head.query + c, n);
        const auto y = load(d, key + c, n);
        if constexpr (kGaussian) {
          const auto difference = hn::Sub(x, y);
          sum = hn::MulAdd(difference, difference, sum);
        } else {
          sum = hn::MulAdd(x, y, sum);
        }
      });
      square[r] = sum;
    }
    auto score = hn::Mul(row_sums(d, square), hn::Set(d, head.scale));
    score = hn::IfThenElse(hn::FirstN(d, count), score, nothing);
    maximum = hn::Max(maximum, score);
    hn::Store(score, d, scores + begin);
  }
  return hn::MaxOfLanes(d, maximum);
}

// Turns scores into exponentials; returns 1 / their sum, or 0 without any. `sink`: null, or a score
// that takes part.
FloatVec exponentiate(FloatTag d, std::size_t count, const float* sink, FloatVec maximum,
                      float* scores) {
  const auto nothing = hn::Set(d, -std::numeric_limits<float>::infinity());
  const auto sink_score = hn::Set(d, sink == nullptr ? 0 : *sink * attention_log2_e);
  if (sink != nullptr) {
    maximum = hn::Max(maximum, sink_score);
  }
  const auto shift = hn::IfThenZeroElse(hn::Eq(maximum, nothing), maximum);
  auto sum = hn::Zero(d);
  for (std::size_t begin = 0; begin < count; begin += lane_count) {
    const auto weight = power_of_two(d, hn::Sub(hn::Load(d, scores + begin), shift));
    sum = hn::Add(sum, weight);
    hn::Store(weight, d, scores + begin);
  }
  sum = hn::SumOfLanes(d, sum);
  if (sink != nullptr) {
    sum = hn::Add(sum, power_of_two(d, hn::Sub(sink_score, shift)));
  }
  return hn::IfThenZeroElse(hn::Eq(sum, hn::Zero(d)), hn::Div(hn::Set(d, 1.0f), sum));
}

// out = factor · Σ weights[j] values[slot j], kVectors vectors of columns from `column` on, the
// last with `last_count`.
template <std::size_t kVectors>
HWY_INLINE void sum_values(FloatTag d, const CachedHead& head, const float* weights,
                           FloatVec factor, std::size_t column, std::size_t last_count,
                           float* out) {
  FloatVec sums[kVectors];
  for (std::size_t v = 0; v < kVectors; ++v) {
    sums[v] = hn::Zero(d);
  }
  for (std::size_t j = 0; j < head.count; ++j) {
    const float* value = head.values + head.slots[j] * head.value_stride + column;
    const auto weight = hn::Set(d, weights[j]);
    for (std::size_t v = 0; v < kVectors; ++v) {
      const std::size_t n = v + 1 == kVectors ? last_count : lane_count;
      sums[v] = hn::MulAdd(weight, load(d, value + v * lane_count, n), sums[v]);
    }
  }
  for (std::size_t v = 0; v < kVectors; ++v) {
    store(d, hn::Mul(factor, sums[v]), out + column + v * lane_count,
          v + 1 == kVectors ? last_count : lane_count);
  }
}

void attend(const CachedHead& head, const CachedTerms& terms, float* scores, float* out) {
  const FloatTag d;
  FloatVec maximum = terms.gaussian() ? compute_scores<true>(d, head, scores)
                                      : compute_scores<false>(d, head, scores);
  if (terms.any()) {
    maximum = terms.add_scores(d, head, scores);
  }
  const FloatVec factor = exponentiate(d, head.count, terms.sink(head), maximum, scores);
  std::size_t column = 0;
  for (; column + 4 * lane_count <= head.value_size; column += 4 * lane_count) {
    sum_values<4>(d, head, scores, factor, column, lane_count, out);
  }
  for (; column + 2 * lane_count <= head.value_size; column += 2 * lane_count) {
    sum_values<2>(d, head, scores, factor, column, lane_count, out);
  }
  for (; column < head.value_size; column += lane_count) {
    sum_values<1>(d, head, scores, factor, column, std::min(lane_count, head.value_size - column),
                  out);
  }
  terms.add_values(d, head, scores, factor, out);
}

void run_cached_heads(const CachedCall& call, std::int64_t begin, std::int64_t end) {
  const CachedAttention& io = call.io;
  const int group = io.plan.heads / io.plan.key_heads;
  std::vector<std::int32_t> dilated;
  for (std::int64_t part = begin; part < end;) {
    const std::int64_t row = part / io.plan.key_heads;
    const std::int64_t row_end = std::min(end, (row + 1) * io.plan.key_heads);
    const auto head_begin = static_cast<int>(part % io.plan.key_heads) * group;
    const auto head_end = head_begin + static_cast<int>(row_end - part) * group;
    part = row_end;
    const auto r = static_cast<std::size_t>(row);
    const SeenEntries seen = SeenEntries::of(io, r, dilated);
    const std::size_t padded = (seen.count + lane_count) / lane_count * lane_count;
    const CachedTerms terms(call, seen, io.positions[r]);
    float* scores = attention_scratch(padded + terms.scratch());
    for (int h = head_begin; h < head_end; ++h) {
      const CachedHead head{h,
                            call.q[row] + h * call.sizes.head_size,
                            call.keys[0] + h / group * call.sizes.head_size,
                            call.values[0] + h / group * call.sizes.value_size,
                            call.keys.stride,
                            call.values.stride,
                            seen.slots,
                            seen.count,
                            static_cast<std::size_t>(call.sizes.head_size),
                            static_cast<std::size_t>(call.sizes.value_size),
                            terms.scale(),
                            scores + padded};
      attend(head, terms, scores, call.out[row] + h * call.sizes.value_size);
    }
  }
}

}  // namespace
}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heed::cpu {

HWY_EXPORT(run_cached_heads);
void run_cached_heads(const CachedCall& call, std::int64_t begin, std::int64_t end) {
  HWY_DYNAMIC_DISPATCH(run_cached_heads)(call, begin, end);
}

}  // namespace heed::cpu
#endif
