// The backward pass of contextual positions for one block of queries and a head at a time. With L_m
// = q·contextual[m], f the row and e the fraction of position p_j, its term is (1 - e) L_f + e
// L_(f+1), so that
//   dL_f += (1 - e) ds_j, dL_(f+1) += e ds_j, dp_j = (L_(f+1) - L_f) ds_j,
// and gate g_t is part of p_j for every j <= t: dg_t = Σ_{j <= t} dp_j.
//
// After the walk from the last key to the first the way back is a running sum over tiles. Lanes
// move down a row where they had moved up, and what a row has summed by then is final: it is stored
// once.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "heed/backends/cpu/attention/partials.h"

#if defined(HEED_BACKENDS_CPU_ATTENTION_CONTEXTUAL_GRADIENTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEED_BACKENDS_CPU_ATTENTION_CONTEXTUAL_GRADIENTS_INL_H_
#undef HEED_BACKENDS_CPU_ATTENTION_CONTEXTUAL_GRADIENTS_INL_H_
#else
#define HEED_BACKENDS_CPU_ATTENTION_CONTEXTUAL_GRADIENTS_INL_H_
#endif

#include "heed/backends/cpu/attention/contextual-inl.h"
#include "heed/backends/cpu/attention/distance_gradients-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {

class ContextualGradients {
 public:
  // For up to `keys` keys and `queries` queries at a time.
  ContextualGradients(const TermRows& terms, const PartialRows& wanted, std::int64_t head_size,
                      std::int64_t keys, std::int64_t queries)
      : walk_(terms, head_size), wanted_(wanted), head_size_(head_size), keys_(keys) {
    walk_.start(keys, (queries + attention_lanes - 1) / attention_lanes * attention_lanes);
  }

  void lay_out(ScratchCutter& cutter) {
    walk_.lay_out(cutter, 1);
    const std::int64_t size = keys_ * walk_.columns();
    steps_ = {cutter.take(size), cutter.take(size), cutter.take(size)};
    table_ = cutter.take(walk_.table_size());
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(FloatTag()));
    padded_ = cutter.take(walk_.band().rows() * ((head_size_ + lanes - 1) / lanes * lanes));
  }

  // A head and its queries, which see keys of the next `keys` alone.
  void start_head(const float* queries, std::int64_t stride, std::int64_t count,
                  std::int64_t columns, std::int64_t keys) {
    walk_.start(keys, columns);
    walk_.start_head(0, queries, stride, count);
    std::fill_n(table_, walk_.table_size(), 0.0f);
    std::fill_n(above_, columns, 0.0f);
    std::fill_n(below_, columns, 0.0f);
    std::fill_n(gates_, columns, 0.0f);
    std::fill_n(first_counted_, columns, keys);
  }

  // Tiles from the last to the first, `key` the tile's first, counted from the head's: scores +=
  // the terms.
  void add(const TileShape& shape, std::int64_t key, float* scores) {
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(FloatTag()));
    for (std::int64_t column = 0; column < shape.columns; column += lanes) {
      const std::int64_t counted = walk_.add(shape, 0, column, scores, steps_at(key));
      if (counted < shape.seen[column / attention_lanes]) {
        first_counted_[column] = key + counted;
      }
    }
  }

  // Tiles from the first to the last: gradients, those of the scores, become those of scale · q·k.
  void differentiate(const TileShape& shape, std::int64_t key, float* gradients) {
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(FloatTag()));
    for (std::int64_t column = 0; column < shape.columns; column += lanes) {
      walk_back(shape, column, key, gradients);
    }
  }

  // After the last tile: dq and the gradients of the vectors, where ds is `unscale` times what the
  // gradients were.
  void finish_head(float unscale, std::int64_t queries, const Operand& q, float* dq,
                   std::int64_t dq_stride) {
    const std::int64_t columns = walk_.columns();
    std::copy_n(below_, columns, table_);
    std::copy_n(above_, columns, table_ + columns);
    for (std::int64_t i = 0; i < walk_.band().rows() * columns; ++i) {
      table_[i] *= unscale;
    }
    add_vectors(walk_.vectors(), 0, walk_.band(), head_size_, table_, columns, queries, padded_, dq,
                dq_stride);
    if (wanted_.wanted()) {
      add_vector_gradient(wanted_, 0, walk_.band(), table_, columns, q, queries);
    }
  }

 private:
  ContextualSteps steps_at(std::int64_t key) const {
    const std::int64_t at = key * walk_.columns();
    return {steps_.fraction + at, steps_.rise + at, steps_.slope + at};
  }

  HWY_INLINE void walk_back(const TileShape& shape, std::int64_t column, std::int64_t key,
                            float* gradients) {
    const FloatTag d;
    const PlaceTag di;
    const auto one = hn::Set(d, 1.0f);
    const std::int64_t columns = walk_.columns();
    const auto row_size = hn::Set(di, static_cast<std::int32_t>(columns));
    const ContextualSteps steps = steps_at(key);
    float* next_rows = table_ + columns + column;
    std::int32_t* place_at = walk_.places(0) + column;
    auto place = hn::Load(di, place_at);
    auto above = hn::Load(d, above_ + column);
    auto below = hn::Load(d, below_ + column);
    auto gate = hn::Load(d, gates_ + column);
    const std::int64_t everyone = shape.seen_by_all(column);
    const std::int64_t seen = shape.seen[column / attention_lanes];
    const std::int64_t counted = std::clamp<std::int64_t>(first_counted_[column] - key, 0, seen);
    for (std::int64_t j = 0; j < counted; ++j) {
      below = hn::Add(below, hn::Load(d, gradients + j * columns + column));
    }
    for (std::int64_t j = counted; j < seen; ++j) {
      const std::int64_t at = j * columns + column;
      const auto gradient = hn::Load(d, gradients + at);
      const auto noted = hn::Load(d, steps.fraction + at);
      const auto moves = hn::Ge(noted, one);
      const auto fraction = hn::Sub(noted, hn::IfThenElseZero(moves, one));
      above = hn::MulAdd(fraction, gradient, above);
      below = hn::MulAdd(hn::Sub(one, fraction), gradient, below);
      gate = hn::MulAdd(hn::Load(d, steps.rise + at), gradient, gate);
      auto sum = hn::MulAdd(gate, hn::Load(d, steps.slope + at), gradient);
      if (j >= everyone) {
        sum = hn::IfThenElseZero(sees(d, shape, column, j), sum);
      }
      hn::Store(sum, d, gradients + at);
      if (!hn::AllFalse(d, moves)) {
        // Lanes that stay store what they have so far, to store again.
        hn::ScatterIndex(above, d, next_rows, place);
        above = hn::IfThenElse(moves, below, above);
        below = hn::IfThenZeroElse(moves, below);
        place = hn::Sub(place, hn::IfThenElseZero(hn::RebindMask(di, moves), row_size));
      }
    }
    hn::Store(place, di, place_at);
    hn::Store(above, d, above_ + column);
    hn::Store(below, d, below_ + column);
    hn::Store(gate, d, gates_ + column);
  }

  ContextualWalk walk_;
  const PartialRows& wanted_;
  const std::int64_t head_size_, keys_;
  ContextualSteps steps_;
  float* table_ = nullptr;   // [positions and one more, columns]: dL
  float* padded_ = nullptr;  // [positions, head size in whole vectors]
  // One lane each.
  HWY_ALIGN float below_[attention_tile];  // dL of the row where the lane stands, so far
  HWY_ALIGN float above_[attention_tile];  // dL of the next row, so far
  HWY_ALIGN float gates_[attention_tile];  // dg so far
  // Of a vector's first lane: the first of the keys that the walk counted.
  std::int64_t first_counted_[attention_tile];
};

}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HEED_BACKENDS_CPU_ATTENTION_CONTEXTUAL_GRADIENTS_INL_H_
