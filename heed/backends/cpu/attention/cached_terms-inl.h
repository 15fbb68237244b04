// What a decoding step takes into account besides q·k, for one query and the entries that it sees.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#if defined(HEED_BACKENDS_CPU_ATTENTION_CACHED_TERMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEED_BACKENDS_CPU_ATTENTION_CACHED_TERMS_INL_H_
#undef HEED_BACKENDS_CPU_ATTENTION_CACHED_TERMS_INL_H_
#else
#define HEED_BACKENDS_CPU_ATTENTION_CACHED_TERMS_INL_H_
#endif

#include "heed/backends/cpu/attention/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {

inline constexpr std::size_t lane_count = hn::MaxLanes(FloatTag());

// One query, one head, and its entries.
struct CachedHead {
  int head;
  const float* query;
  const float* keys;    // of the head, entry 0
  const float* values;  // of the head, entry 0
  std::int64_t key_stride, value_stride;
  const std::int32_t* slots;
  std::size_t count;
  std::size_t head_size, value_size;
  float scale;     // to units of log 2
  float* scratch;  // CachedTerms::scratch()
};

// The entries that a row sees: they stand at positions first, first + step, …
struct SeenEntries {
  const std::int32_t* slots;
  std::size_t count;
  std::int64_t first, step;

  // `dilated`: memory for the slots when they do not lie side by side.
  static SeenEntries of(const CachedAttention& io, std::size_t row,
                        std::vector<std::int32_t>& dilated) {
    const AttentionPlan& plan = io.plan;
    const std::int64_t position = io.positions[row];
    const Span span = seen_keys(plan, {position, position + 1}, io.end[row] - io.begin[row]);
    const std::int32_t* slots = io.slots.data() + io.begin[row];
    if (plan.dilation == 1) {
      return {slots + span.begin, static_cast<std::size_t>(span.size()), span.begin, 1};
    }
    const std::int64_t step = plan.dilation;
    const std::int64_t first = span.begin + ((position - span.begin) % step + step) % step;
    dilated.clear();
    for (std::int64_t j = first; j < span.end; j += step) {
      dilated.push_back(slots[j]);
    }
    return {dilated.data(), dilated.size(), first, step};
  }
};

class CachedTerms {
 public:
  CachedTerms(const CachedCall& call, const SeenEntries& seen, std::int64_t position)
      : plan_(call.io.plan),
        terms_(call.terms),
        seen_(seen),
        position_(position),
        lowest_(seen.first - position),
        highest_(lowest_ + (static_cast<std::int64_t>(seen.count) - 1) * seen.step),
        any_(seen.count > 0 && (terms_.distance_bias.defined() || terms_.table_bias != nullptr ||
                                terms_.key_vectors.defined() || plan_.soft_cap > 0)) {}

  bool gaussian() const { return plan_.scorer == AttentionScorer::gaussian; }
  // Of products, or of squared distances, to units of log 2.
  float scale() const { return plan_.scale * attention_log2_e * (gaussian() ? -0.5f : 1.0f); }
  // Whether add_scores() has anything to do.
  bool any() const { return any_; }
  const float* sink(const CachedHead& head) const { return terms_.sink(head.head); }
  // Floats of memory for one value per clamped distance.
  std::size_t scratch() const {
    const std::int64_t rows = std::max(terms_.key_vectors.defined() ? rows_of(key_reach()) : 0,
                                       terms_.value_vectors.defined() ? rows_of(value_reach()) : 0);
    return static_cast<std::size_t>(rows);
  }

  // Completes the scores, in units of log 2; returns the maximum.
  FloatVec add_scores(FloatTag d, const CachedHead& head, float* scores) const {
    if (terms_.key_vectors.defined()) {
      const std::int64_t lo = clamp_distance(lowest_, key_reach());
      const std::int64_t hi = clamp_distance(highest_, key_reach());
      for (std::int64_t t = lo; t <= hi; ++t) {
        const float* vector = terms_.key_vectors.at(head.head, t);
        head.scratch[t - lo] =
            plan_.scale *
            sum_vectors(d, head.head_size, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
              return hn::Mul(load(d, head.query + c, n), load(d, vector + c, n));
            });
      }
      add_by_distance(head.scratch - lo, key_reach(), scores);
    }
    if (terms_.distance_bias.defined()) {
      add_by_distance(terms_.distance_bias[head.head] + terms_.bias_reach, terms_.bias_reach,
                      scores);
    }
    if (terms_.table_bias != nullptr) {
      const float* row = terms_.table_row(head.head, position_) + seen_.first;
      for (std::size_t n = 0; n < seen_.count; ++n) {
        scores[n] += attention_log2_e * row[static_cast<std::int64_t>(n) * seen_.step];
      }
    }
    return cap(d, scores);
  }

  // out += factor · Σ_t (the weights at the clamped distance t) · value_vectors[t].
  void add_values(FloatTag d, const CachedHead& head, const float* weights, FloatVec factor,
                  float* out) const {
    if (!terms_.value_vectors.defined() || seen_.count == 0) {
      return;
    }
    const std::int64_t lo = clamp_distance(lowest_, value_reach());
    const std::int64_t hi = clamp_distance(highest_, value_reach());
    std::fill_n(head.scratch, hi - lo + 1, 0.0f);
    for_each_distance(value_reach(), [&](std::size_t n, std::int64_t t)
                                         HEED_SIMD_LAMBDA { head.scratch[t - lo] += weights[n]; });
    for (std::int64_t t = lo; t <= hi; ++t) {
      const float* vector = terms_.value_vectors.at(head.head, t);
      const auto weight = hn::Mul(factor, hn::Set(d, head.scratch[t - lo]));
      for_each_vector(d, 0, head.value_size, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
        store(d, hn::MulAdd(weight, load(d, vector + c, n), load(d, out + c, n)), out + c, n);
      });
    }
  }

 private:
  std::int64_t key_reach() const { return terms_.key_vectors.reach; }
  std::int64_t value_reach() const { return terms_.value_vectors.reach; }
  static std::int64_t clamp_distance(std::int64_t distance, std::int64_t reach) {
    return std::clamp(distance, -reach, reach);
  }
  std::int64_t rows_of(std::int64_t reach) const {
    return seen_.count == 0 ? 0
                            : clamp_distance(highest_, reach) - clamp_distance(lowest_, reach) + 1;
  }

  // Calls body(entry, its clamped distance).
  template <class Body>
  HWY_INLINE void for_each_distance(std::int64_t reach, Body&& body) const {
    // Entries up to distance -reach, and those below reach.
    const auto entries = [&](std::int64_t distance) HEED_SIMD_LAMBDA {
      const std::int64_t count = distance < lowest_ ? 0 : (distance - lowest_) / seen_.step + 1;
      return std::min(seen_.count, static_cast<std::size_t>(count));
    };
    const std::size_t below = entries(-reach);
    const std::size_t within = std::max(below, entries(reach));
    std::size_t n = 0;
    for (; n < below; ++n) {
      body(n, -reach);
    }
    for (; n < within; ++n) {
      body(n, lowest_ + static_cast<std::int64_t>(n) * seen_.step);
    }
    for (; n < seen_.count; ++n) {
      body(n, reach);
    }
  }

  // scores += log2(e) · table[clamped distance].
  HWY_INLINE void add_by_distance(const float* table, std::int64_t reach, float* scores) const {
    for_each_distance(reach, [&](std::size_t n, std::int64_t t)
                                 HEED_SIMD_LAMBDA { scores[n] += attention_log2_e * table[t]; });
  }

  // Caps the scores, -inf in the lanes beyond count; returns the maximum.
  FloatVec cap(FloatTag d, float* scores) const {
    const auto nothing = hn::Set(d, -std::numeric_limits<float>::infinity());
    const float cap = plan_.soft_cap * attention_log2_e;
    auto maximum = nothing;
    for (std::size_t begin = 0; begin < seen_.count; begin += lane_count) {
      auto score = hn::Load(d, scores + begin);
      if (plan_.soft_cap > 0) {
        const auto capped =
            hn::Mul(hn::Set(d, cap), tanh(d, hn::Mul(score, hn::Set(d, 1.0f / cap))));
        const std::size_t count = std::min(lane_count, seen_.count - begin);
        score = hn::IfThenElse(hn::FirstN(d, count), capped, nothing);
        hn::Store(score, d, scores + begin);
      }
      maximum = hn::Max(maximum, score);
    }
    return hn::MaxOfLanes(d, maximum);
  }

  const AttentionPlan& plan_;
  const TermRows& terms_;
  const SeenEntries seen_;
  const std::int64_t position_;
  const std::int64_t lowest_, highest_;  // distances of the entries
  const bool any_;
};

}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HEED_BACKENDS_CPU_ATTENTION_CACHED_TERMS_INL_H_
