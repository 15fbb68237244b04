// Gradients of what scores have besides q·k, from a tile [keys, queries] of gradients of the scores
// as they were before the soft cap. All of the tile is written: zeros where nothing is seen.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "heed/backends/cpu/attention/partials.h"

#if defined(HEED_BACKENDS_CPU_ATTENTION_GRADIENTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEED_BACKENDS_CPU_ATTENTION_GRADIENTS_INL_H_
#undef HEED_BACKENDS_CPU_ATTENTION_GRADIENTS_INL_H_
#else
#define HEED_BACKENDS_CPU_ATTENTION_GRADIENTS_INL_H_
#endif

#include "heed/backends/cpu/attention/terms-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {

// Lane i becomes lane i - 1; the last becomes 0.
HWY_INLINE FloatVec slide_down(FloatTag d, FloatVec v) {
#if HWY_TARGET == HWY_SCALAR
  (void)v;
  return hn::Zero(d);
#else
  const hn::RebindToSigned<FloatTag> di;
  const std::size_t lanes = hn::Lanes(d);
  const auto next = hn::Min(hn::Iota(di, 1), hn::Set(di, static_cast<std::int32_t>(lanes) - 1));
  return hn::IfThenElseZero(hn::FirstN(d, lanes - 1),
                            hn::TableLookupLanes(v, hn::IndicesFromVec(d, next)));
#endif
}

// sums[m] = Σ of the tile's elements with keys - 1 - j + i = m, of which there are keys + queries -
// 1; memory for keys + columns. The vectors of a diagonal are summed first; a register then carries
// the sums from one diagonal to the next, so that nothing stored is loaded again.
HWY_INLINE void sum_diagonals(const TileShape& shape, const float* tile, float* sums) {
  const FloatTag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto carried = hn::Zero(d);
  for (std::int64_t m = 0; m < shape.keys + shape.columns - lanes; ++m) {
    // Of the vectors at row `key` and column `column` with keys - 1 - key + column = m.
    auto sum = hn::Zero(d);
    const std::int64_t skipped = std::max<std::int64_t>(0, m - (shape.keys - 1));
    std::int64_t column = (skipped + lanes - 1) / lanes * lanes;
    for (; column < shape.columns && column <= m; column += lanes) {
      const std::int64_t key = shape.keys - 1 - m + column;
      const auto value = hn::Load(d, tile + key * shape.columns + column);
      const std::int64_t queries = std::min(lanes, shape.queries - column);
      sum = hn::Add(sum,
                    first(d, value, static_cast<std::size_t>(std::max<std::int64_t>(0, queries))));
    }
    carried = hn::Add(slide_down(d, carried), sum);
    hn::StoreU(carried, d, sums + m);
  }
}

// gradient[clamp(distance)] += factor · the tile's elements at that distance.
HWY_INLINE void add_bias_gradient(const TileShape& shape, int head, std::int64_t offset,
                                  std::int64_t reach, float factor, const float* tile,
                                  const PartialRows& gradient) {
  HWY_ALIGN float sums[2 * attention_tile];
  sum_diagonals(shape, tile, sums);
  fold_by_distance(sums, reach, offset + shape.keys - 1, shape.keys + shape.queries - 1, factor,
                   gradient.at(head, 0));
}

// gradient[query, key] += factor · transpose(tile). `scratch`: memory for a tile.
HWY_INLINE void add_table_gradient(const TileShape& shape, int head, const TilePlace& place,
                                   float factor, const float* tile, float* scratch,
                                   const TaskGradients& gradients) {
  const std::int64_t stride =
      (shape.keys + attention_lanes - 1) / attention_lanes * attention_lanes;
  transpose_scaled(tile, shape.columns, shape.keys, shape.queries, factor, scratch, stride);
  for (std::int64_t i = 0; i < shape.queries; ++i) {
    float* to = gradients.table_bias.at(head, place.query + i) + place.key - gradients.first_key;
    const float* from = scratch + i * stride;
    for (std::int64_t j = 0; j < shape.keys; ++j) {
      to[j] += from[j];
    }
  }
}

// tile *= slopes, where the tile may hold anything but zero.
HWY_INLINE void multiply_slopes(const TileShape& shape, const float* slopes, float* tile) {
  const FloatTag d;
  for_each_seen(shape,
                [&](std::int64_t column, std::int64_t key, std::int64_t at) HEED_SIMD_LAMBDA {
                  auto product = hn::Mul(hn::Load(d, tile + at), hn::Load(d, slopes + at));
                  if (key >= shape.seen_by_all(column)) {
                    product = hn::IfThenElseZero(sees(d, shape, column, key), product);
                  }
                  hn::Store(product, d, tile + at);
                });
}

// The gradient of -(|q|² + |k|²) / 2 with `tile` that of the scores: dq -= Σ_j tile ⊙ q and dk -=
// Σ_i tile ⊙ k.
HWY_INLINE void subtract_squares(const TileShape& shape, const TileRows& rows, std::int64_t size,
                                 const float* tile, float* dq, std::int64_t dq_stride, float* dk,
                                 std::int64_t dk_stride) {
  const FloatTag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  HWY_ALIGN float by_query[attention_tile];
  float by_key[attention_tile] = {};
  for (std::int64_t column = 0; column < shape.columns; column += lanes) {
    auto sum = hn::Zero(d);
    const auto queries =
        static_cast<std::size_t>(std::clamp<std::int64_t>(shape.queries - column, 0, lanes));
    for (std::int64_t key = 0; key < shape.seen[column / attention_lanes]; ++key) {
      const auto value = hn::Load(d, tile + key * shape.columns + column);
      sum = hn::Add(sum, value);
      by_key[key] += hn::GetLane(hn::SumOfLanes(d, first(d, value, queries)));
    }
    hn::Store(sum, d, by_query + column);
  }
  const auto subtract = [&](float weight, const float* from, float* to) HEED_SIMD_LAMBDA {
    for_each_vector(
        d, 0, static_cast<std::size_t>(size), [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
          store(d, hn::NegMulAdd(hn::Set(d, weight), load(d, from + c, n), load(d, to + c, n)),
                to + c, n);
        });
  };
  for (std::int64_t i = 0; i < shape.queries; ++i) {
    subtract(by_query[i], rows.queries + i * rows.query_stride, dq + i * dq_stride);
  }
  for (std::int64_t j = 0; j < shape.keys; ++j) {
    // A key that nobody sees keeps a gradient of 0, whatever it holds.
    if (by_key[j] != 0) {
      subtract(by_key[j], rows.keys + j * rows.key_stride, dk + j * dk_stride);
    }
  }
}

}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HEED_BACKENDS_CPU_ATTENTION_GRADIENTS_INL_H_
