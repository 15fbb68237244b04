// Contextual positions (Golovneva et al., "Contextual Position Encoding: Learning to Count What's
// Important", 2024) for one block of queries: a table [positions, queries] of q·contextual beside
// the tiles [keys, queries], along which each lane walks from its last key to its first.
//
// Where a lane stands is a row of the table and a fraction of the way to the next row. Gates add to
// the fraction; where that reaches 1 the lane moves on by a row. So lanes gather from the table
// once a row and not once a key; a position is rounded like a number below 2, however far it
// counts; and at the last row the walk ends: all keys before have the same term, and their gates do
// not matter.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#if defined(HEED_BACKENDS_CPU_ATTENTION_CONTEXTUAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEED_BACKENDS_CPU_ATTENTION_CONTEXTUAL_INL_H_
#undef HEED_BACKENDS_CPU_ATTENTION_CONTEXTUAL_INL_H_
#else
#define HEED_BACKENDS_CPU_ATTENTION_CONTEXTUAL_INL_H_
#endif

#include "heed/backends/cpu/attention/distance-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {

using PlaceTag = hn::RebindToSigned<FloatTag>;
using PlaceVec = hn::Vec<PlaceTag>;

// σ of a score in units of log 2, and 1 - σ without cancellation.
HWY_INLINE Sigmoid gate_of(FloatTag d, FloatVec score) {
  const auto one = hn::Set(d, 1.0f);
  const auto most = hn::Set(d, 126.0f);
  const auto x = hn::Neg(score);
  const auto e = power_of_two(d, hn::IfThenElse(hn::Gt(x, most), most, x));
  const auto value = hn::Div(one, hn::Add(one, e));
  return {value, hn::Mul(e, value)};
}

// What the backward pass needs of each key that a walk counted, [keys, columns] each.
struct ContextualSteps {
  float* fraction = nullptr;  // 1 more where the lane moved on at this key
  float* rise = nullptr;      // from the row to the next one
  float* slope = nullptr;     // derivative of the gate by its score, for rises in units of log 2
};

class ContextualWalk {
 public:
  ContextualWalk(const TermRows& terms, std::int64_t head_size)
      : vectors_{terms.contextual}, positions_(terms.contextual_positions), head_size_(head_size) {}

  bool defined() const { return vectors_.defined(); }
  const DistanceVectors& vectors() const { return vectors_; }

  // The walks that follow see up to `keys` keys.
  void start(std::int64_t keys, std::int64_t columns) {
    columns_ = columns;
    // No position is above the number of keys.
    last_row_ = std::min(positions_ - 1, keys + 1);
  }
  // Memory for `slots` heads at once.
  void lay_out(ScratchCutter& cutter, std::int64_t slots) {
    if (defined()) {
      table_ = cutter.take(slots * table_size());
      places_ = cutter.take(slots * columns_);
      fractions_ = cutter.take(slots * columns_);
      transposed_queries_ = cutter.take(head_size_ * columns_);
    }
  }
  std::int64_t columns() const { return columns_; }
  // The rows that walks reach. The table has one more, a copy of the last.
  DistanceBand band() const { return {0, last_row_}; }
  std::int64_t table_size() const { return (last_row_ + 2) * columns_; }
  // The lanes' places in the table after the last walk, those of row 0 before the first.
  std::int32_t* places(std::int64_t slot) const {
    return reinterpret_cast<std::int32_t*>(places_) + slot * columns_;
  }

  // Before the first tile of a head, which is the one with the last keys.
  void start_head(std::int64_t slot, const float* queries, std::int64_t stride,
                  std::int64_t count) const {
    if (!defined()) {
      return;
    }
    transpose_scaled(queries, stride, count, head_size_, attention_log2_e, transposed_queries_,
                     columns_);
    multiply_vectors(vectors_, 0, band(), head_size_, transposed_queries_, columns_, table(slot));
    std::copy_n(table(slot) + last_row_ * columns_, columns_,
                table(slot) + (last_row_ + 1) * columns_);
    restart(slot);
  }
  // Before the tiles of a head pass by once more.
  void restart(std::int64_t slot) const {
    if (!defined()) {
      return;
    }
    const PlaceTag di;
    for (std::int64_t column = 0; column < columns_; column += hn::Lanes(di)) {
      hn::Store(hn::Iota(di, 0), di, places(slot) + column);
    }
    std::fill_n(fractions(slot), columns_, 0.0f);
  }

  // scores += the terms; scores are scale · q·k in units of log 2.
  void add(const TileShape& shape, std::int64_t slot, float* scores) const {
    if (defined()) {
      for (std::int64_t column = 0; column < columns_; column += hn::Lanes(FloatTag())) {
        walk<false>(shape, slot, column, scores, {});
      }
    }
  }
  // The same for `column` and the lanes beside it, with a note of each step. Returns the first of
  // the keys that were counted; the terms of those before are the last row.
  std::int64_t add(const TileShape& shape, std::int64_t slot, std::int64_t column, float* scores,
                   const ContextualSteps& steps) const {
    return walk<true>(shape, slot, column, scores, steps);
  }

 private:
  float* table(std::int64_t slot) const { return table_ + slot * table_size(); }
  float* fractions(std::int64_t slot) const { return fractions_ + slot * columns_; }

  template <bool kNote>
  HWY_INLINE std::int64_t walk(const TileShape& shape, std::int64_t slot, std::int64_t column,
                               float* scores, const ContextualSteps& steps) const {
    const FloatTag d;
    const PlaceTag di;
    const auto one = hn::Set(d, 1.0f);
    const auto row_size = hn::Set(di, static_cast<std::int32_t>(columns_));
    const auto end =
        hn::Add(hn::Iota(di, 0), hn::Set(di, static_cast<std::int32_t>(last_row_ * columns_)));
    const float* rows = table(slot) + column;
    const float* next_rows = rows + columns_;
    auto place = hn::Load(di, places(slot) + column);
    auto fraction = hn::Load(d, fractions(slot) + column);
    auto below = hn::GatherIndex(d, rows, place);
    auto above = hn::GatherIndex(d, next_rows, place);
    const std::int64_t everyone = shape.seen_by_all(column);
    const std::int64_t seen = shape.seen[column / attention_lanes];
    std::int64_t key = seen;
    for (; key > 0 && !hn::AllTrue(di, hn::Eq(place, end)); --key) {
      const std::int64_t at = (key - 1) * columns_ + column;
      const auto score = hn::Load(d, scores + at);
      const Sigmoid gate = gate_of(d, score);
      auto counted = hn::RebindMask(d, hn::Lt(place, end));
      if (key - 1 >= everyone) {
        counted = hn::And(counted, sees(d, shape, column, key - 1));
      }
      const auto sum = hn::Add(fraction, hn::IfThenElseZero(counted, gate.value));
      const auto moves = hn::Ge(sum, one);
      const auto carry = hn::IfThenElseZero(moves, one);
      fraction = hn::Sub(sum, carry);
      if (!hn::AllFalse(d, moves)) {
        place = hn::Add(place, hn::IfThenElseZero(hn::RebindMask(di, moves), row_size));
        below = hn::IfThenElse(moves, above, below);
        above = hn::GatherIndex(d, next_rows, place);
        fraction = hn::IfThenZeroElse(hn::RebindMask(d, hn::Eq(place, end)), fraction);
      }
      const auto rise = hn::Sub(above, below);
      hn::Store(hn::Add(score, hn::MulAdd(fraction, rise, below)), d, scores + at);
      if constexpr (kNote) {
        const auto slope = hn::Mul(gate.value, gate.complement);
        hn::Store(hn::Add(fraction, carry), d, steps.fraction + at);
        hn::Store(rise, d, steps.rise + at);
        hn::Store(hn::IfThenElseZero(counted, hn::Mul(slope, hn::Set(d, attention_ln_2))), d,
                  steps.slope + at);
      }
    }
    hn::Store(place, di, places(slot) + column);
    hn::Store(fraction, d, fractions(slot) + column);
    for (std::int64_t before = 0; before < key; ++before) {
      float* at = scores + before * columns_ + column;
      hn::Store(hn::Add(hn::Load(d, at), below), d, at);
    }
    return key;
  }

  const DistanceVectors vectors_;  // of the positions, as distances from 0 on
  const std::int64_t positions_, head_size_;
  std::int64_t columns_ = 0;
  std::int64_t last_row_ = 0;
  float* table_ = nullptr;               // per slot [band() and one more, columns]
  float* places_ = nullptr;              // per slot [columns], see places()
  float* fractions_ = nullptr;           // per slot [columns]
  float* transposed_queries_ = nullptr;  // [head size, columns]
};

}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HEED_BACKENDS_CPU_ATTENTION_CONTEXTUAL_INL_H_
