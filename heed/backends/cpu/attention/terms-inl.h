// What scores have besides q·k: passes over a tile [keys, queries] of scores in units of log 2.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#if defined(HEED_BACKENDS_CPU_ATTENTION_TERMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEED_BACKENDS_CPU_ATTENTION_TERMS_INL_H_
#undef HEED_BACKENDS_CPU_ATTENTION_TERMS_INL_H_
#else
#define HEED_BACKENDS_CPU_ATTENTION_TERMS_INL_H_
#endif

#include "heed/backends/cpu/attention/distance-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {

// Where a tile lies in its sequence.
struct TilePlace {
  std::int64_t start = 0;           // the position of the sequence's first query
  std::int64_t query = 0, key = 0;  // the first of the tile
  // Query i and key j of the tile are at the distance offset() + j - i.
  std::int64_t offset() const { return key - (start + query); }
};

// Rows of one head, of the tile's queries and keys.
struct TileRows {
  const float* queries;
  std::int64_t query_stride;
  const float* keys;
  std::int64_t key_stride;
};

class ScoreTerms {
 public:
  ScoreTerms(const AttentionPlan& plan, const TermRows& terms, std::int64_t head_size)
      : plan_(plan),
        terms_(terms),
        head_size_(head_size),
        gaussian_(plan.scorer == AttentionScorer::gaussian) {}

  // Floats of memory that add() needs.
  std::int64_t scratch() const {
    return terms_.table_bias == nullptr ? 0 : attention_tile * attention_tile;
  }
  bool any() const {
    return terms_.distance_bias.defined() || terms_.table_bias != nullptr ||
           terms_.key_vectors.defined() || gaussian_ || plan_.soft_cap > 0;
  }

  // Completes scale · q·k, in units of log 2. `distance_scores`: those of key_vectors in their band
  // (add_by_distance). `slopes`: null, or a tile for the derivative of the soft cap.
  void add(const TileShape& shape, int head, const TilePlace& place, const TileRows& rows,
           const DistanceBand& band, const float* distance_scores, float* scratch, float* scores,
           float* slopes) const {
    if (terms_.key_vectors.defined()) {
      add_by_distance(shape, place.offset(), band, distance_scores, scores);
    }
    if (gaussian_) {
      add_squares(shape, rows, scores);
    }
    if (terms_.distance_bias.defined()) {
      add_distance_bias(shape, head, place, scores);
    }
    if (terms_.table_bias != nullptr) {
      transpose_scaled(terms_.table_row(head, place.query) + place.key, terms_.table_query_stride,
                       shape.queries, shape.keys, attention_log2_e, scratch, shape.columns);
      const FloatTag d;
      for_each_seen(shape, [&](std::int64_t, std::int64_t, std::int64_t at) HEED_SIMD_LAMBDA {
        hn::Store(hn::Add(hn::Load(d, scores + at), hn::Load(d, scratch + at)), d, scores + at);
      });
    }
    if (plan_.soft_cap > 0) {
      cap(shape, scores, slopes);
    }
  }

 private:
  void add_distance_bias(const TileShape& shape, int head, const TilePlace& place,
                         float* scores) const {
    // By falling distance: row j of the tile reads it from keys - 1 - j on.
    HWY_ALIGN float bias[2 * attention_tile];
    expand_by_distance(terms_.distance_bias[head] + terms_.bias_reach, terms_.bias_reach,
                       place.offset() + shape.keys - 1, shape.keys + shape.columns,
                       attention_log2_e, bias);
    const FloatTag d;
    for_each_seen(shape,
                  [&](std::int64_t column, std::int64_t key, std::int64_t at) HEED_SIMD_LAMBDA {
                    const auto term = hn::LoadU(d, bias + shape.keys - 1 - key + column);
                    hn::Store(hn::Add(hn::Load(d, scores + at), term), d, scores + at);
                  });
  }

  // -|q - k|² / 2 = q·k - |q|² / 2 - |k|² / 2.
  void add_squares(const TileShape& shape, const TileRows& rows, float* scores) const {
    HWY_ALIGN float query_squares[attention_tile] = {};
    HWY_ALIGN float key_squares[attention_tile];
    half_squares(rows.queries, rows.query_stride, shape.queries, query_squares);
    half_squares(rows.keys, rows.key_stride, shape.keys, key_squares);
    const FloatTag d;
    for_each_seen(shape, [&](std::int64_t column, std::int64_t key,
                             std::int64_t at) HEED_SIMD_LAMBDA {
      const auto both = hn::Add(hn::Load(d, query_squares + column), hn::Set(d, key_squares[key]));
      hn::Store(hn::Sub(hn::Load(d, scores + at), both), d, scores + at);
    });
  }
  void half_squares(const float* data, std::int64_t stride, std::int64_t rows, float* to) const {
    const FloatTag d;
    for (std::int64_t row = 0; row < rows; ++row) {
      const float* at = data + row * stride;
      to[row] = 0.5f * plan_.scale * attention_log2_e *
                sum_vectors(d, static_cast<std::size_t>(head_size_),
                            [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
                              const auto x = load(d, at + c, n);
                              return hn::Mul(x, x);
                            });
    }
  }

  void cap(const TileShape& shape, float* scores, float* slopes) const {
    const FloatTag d;
    const auto one = hn::Set(d, 1.0f);
    const auto most = hn::Set(d, plan_.soft_cap * attention_log2_e);
    const auto inverse = hn::Set(d, 1.0f / (plan_.soft_cap * attention_log2_e));
    for_each_seen(shape, [&](std::int64_t, std::int64_t, std::int64_t at) HEED_SIMD_LAMBDA {
      const auto part = tanh(d, hn::Mul(hn::Load(d, scores + at), inverse));
      hn::Store(hn::Mul(most, part), d, scores + at);
      if (slopes != nullptr) {
        hn::Store(hn::NegMulAdd(part, part, one), d, slopes + at);
      }
    });
  }

  const AttentionPlan& plan_;
  const TermRows& terms_;
  const std::int64_t head_size_;
  const bool gaussian_;
};

}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HEED_BACKENDS_CPU_ATTENTION_TERMS_INL_H_
