// What depends on a query and on its clamped distance to a key (Shaw et al., "Self-Attention with
// Relative Position Representations", 2018): a table [distances, queries] beside the tile [keys,
// queries]. Products with the vectors of the distances are made with the table, never with pairs.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#if defined(HEED_BACKENDS_CPU_ATTENTION_DISTANCE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEED_BACKENDS_CPU_ATTENTION_DISTANCE_INL_H_
#undef HEED_BACKENDS_CPU_ATTENTION_DISTANCE_INL_H_
#else
#define HEED_BACKENDS_CPU_ATTENTION_DISTANCE_INL_H_
#endif

#include "heed/backends/cpu/attention/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {

// The clamped distances lo … hi that some queries and keys have; row t - lo of a table is that of
// t.
struct DistanceBand {
  std::int64_t lo = 0, hi = -1;

  // Queries and keys by position. Empty without vectors.
  static DistanceBand of(const DistanceVectors& vectors, Span queries, Span keys) {
    if (!vectors.defined()) {
      return {};
    }
    const std::int64_t reach = vectors.reach;
    return {std::clamp(keys.begin - (queries.end - 1), -reach, reach),
            std::clamp(keys.end - 1 - queries.begin, -reach, reach)};
  }
  std::int64_t rows() const { return hi - lo + 1; }
};

#if HWY_TARGET != HWY_SCALAR
// Places of the lanes in a table: their rows by clamped distance, `top` that of lane 0.
HWY_INLINE hn::Vec<hn::RebindToSigned<FloatTag>> table_places(std::int64_t top,
                                                              const DistanceBand& band,
                                                              std::int64_t columns) {
  const hn::RebindToSigned<FloatTag> di;
  const auto lane = hn::Iota(di, 0);
  const auto last = hn::Set(di, static_cast<std::int32_t>(band.hi - band.lo));
  const auto row = hn::Min(
      hn::Max(hn::Sub(hn::Set(di, static_cast<std::int32_t>(top - band.lo)), lane), hn::Zero(di)),
      last);
  return hn::Add(hn::Mul(row, hn::Set(di, static_cast<std::int32_t>(columns))), lane);
}
#endif

// tile[j, i] += table[clamp(offset + j - i), i] for what queries may see.
HWY_INLINE void add_by_distance(const TileShape& shape, std::int64_t offset,
                                const DistanceBand& band, const float* table, float* tile) {
  const FloatTag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for_each_seen(shape,
                [&](std::int64_t column, std::int64_t key, std::int64_t place) HEED_SIMD_LAMBDA {
                  const std::int64_t top = offset + key - column;
                  const float* from = table + column;
                  auto term = hn::Zero(d);
                  if (top <= band.lo) {
                    term = hn::Load(d, from);
                  } else if (top - (lanes - 1) >= band.hi) {
                    term = hn::Load(d, from + (band.hi - band.lo) * shape.columns);
                  } else {
#if HWY_TARGET == HWY_SCALAR
                    term = hn::Load(d, from + (top - band.lo) * shape.columns);
#else
      term = hn::GatherIndex(d, from, table_places(top, band, shape.columns));
#endif
                  }
                  hn::Store(hn::Add(hn::Load(d, tile + place), term), d, tile + place);
                });
}

// table[clamp(offset + j - i), i] += tile[j, i] for what queries may see.
HWY_INLINE void sum_by_distance(const TileShape& shape, std::int64_t offset,
                                const DistanceBand& band, const float* tile, float* table) {
  const FloatTag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t column = 0; column < shape.columns; column += lanes) {
    float* first = table + column;
    float* last = first + (band.hi - band.lo) * shape.columns;
    auto below = hn::Zero(d);
    auto above = hn::Zero(d);
    const std::int64_t seen = shape.seen[column / attention_lanes];
    for (std::int64_t key = 0; key < seen; ++key) {
      const auto value = hn::Load(d, tile + key * shape.columns + column);
      const std::int64_t top = offset + key - column;
      if (top <= band.lo) {
        below = hn::Add(below, value);
      } else if (top - (lanes - 1) >= band.hi) {
        above = hn::Add(above, value);
      } else {
#if HWY_TARGET == HWY_SCALAR
        first[(top - band.lo) * shape.columns] += hn::GetLane(value);
#else
        const auto places = table_places(top, band, shape.columns);
        const auto sum = hn::Add(hn::GatherIndex(d, first, places), value);
        hn::ScatterIndex(sum, d, first, places);
#endif
      }
    }
    hn::Store(hn::Add(hn::Load(d, first), below), d, first);
    hn::Store(hn::Add(hn::Load(d, last), above), d, last);
  }
}

// Floats by falling distance m = 0 … count-1, the first at distance `highest`: those before
// `inside` are at distances of at least `reach`, those from `outside` on at most -reach.
struct FallingDistances {
  std::int64_t inside, outside;

  FallingDistances(std::int64_t highest, std::int64_t reach, std::int64_t count)
      : inside(std::clamp<std::int64_t>(highest - reach, 0, count)),
        outside(std::clamp<std::int64_t>(highest + reach, inside, count)) {}
};

// to[m] = factor · table[clamp(highest - m)], m = 0 … count-1; `table` points at distance 0.
HWY_INLINE void expand_by_distance(const float* table, std::int64_t reach, std::int64_t highest,
                                   std::int64_t count, float factor, float* to) {
  const FallingDistances distances(highest, reach, count);
  std::fill_n(to, distances.inside, factor * table[reach]);
  const FloatTag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t m = distances.inside;
  for (; m + lanes <= distances.outside; m += lanes) {
    const auto values = hn::Reverse(d, hn::LoadU(d, table + highest - m - (lanes - 1)));
    hn::StoreU(hn::Mul(hn::Set(d, factor), values), d, to + m);
  }
  for (; m < distances.outside; ++m) {
    to[m] = factor * table[highest - m];
  }
  std::fill(to + m, to + count, factor * table[-reach]);
}

HWY_INLINE float sum_of(const float* x, std::int64_t count) {
  const FloatTag d;
  return sum_vectors(d, static_cast<std::size_t>(count),
                     [&](std::size_t c, std::size_t n)
                         HEED_SIMD_LAMBDA { return load(d, x + c, n); });
}

// table[clamp(highest - m)] += factor · from[m], m = 0 … count-1; `table` points at distance 0.
HWY_INLINE void fold_by_distance(const float* from, std::int64_t reach, std::int64_t highest,
                                 std::int64_t count, float factor, float* table) {
  const FallingDistances distances(highest, reach, count);
  if (distances.inside > 0) {
    table[reach] += factor * sum_of(from, distances.inside);
  }
  const FloatTag d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t m = distances.inside;
  for (; m + lanes <= distances.outside; m += lanes) {
    float* at = table + highest - m - (lanes - 1);
    const auto values = hn::Reverse(d, hn::LoadU(d, from + m));
    hn::StoreU(hn::MulAdd(hn::Set(d, factor), values, hn::LoadU(d, at)), d, at);
  }
  for (; m < distances.outside; ++m) {
    table[highest - m] += factor * from[m];
  }
  if (m < count) {
    table[-reach] += factor * sum_of(from + m, count - m);
  }
}

// table[distances, columns] = the band's vectors · right[size, columns].
HWY_INLINE void multiply_vectors(const DistanceVectors& vectors, int head, const DistanceBand& band,
                                 std::int64_t size, const float* right, std::int64_t columns,
                                 float* table) {
  const SmallProduct product{vectors.at(head, band.lo),
                             vectors.rows.stride,
                             right,
                             columns,
                             table,
                             columns,
                             nullptr,
                             false};
  small_product<false>(product, band.rows(), columns, WholeRange{size});
}

// out[queries, size] += transpose(table[distances, columns]) · the band's vectors. `padded`: memory
// for the vectors in whole SIMD vectors.
HWY_INLINE void add_vectors(const DistanceVectors& vectors, int head, const DistanceBand& band,
                            std::int64_t size, const float* table, std::int64_t columns,
                            std::int64_t queries, float* padded, float* out,
                            std::int64_t out_stride) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(FloatTag()));
  const float* right = vectors.at(head, band.lo);
  std::int64_t stride = vectors.rows.stride;
  if (size % lanes != 0) {
    stride = (size + lanes - 1) / lanes * lanes;
    pad_columns(right, vectors.rows.stride, band.rows(), size, padded, stride);
    right = padded;
  }
  const SmallProduct product{table, columns, right, stride, out, out_stride, nullptr, true};
  small_product<true>(product, queries, size, WholeRange{band.rows()});
}

// table[distances, columns] *= factor[columns].
HWY_INLINE void scale_columns(const float* factor, std::int64_t rows, std::int64_t columns,
                              float* table) {
  const FloatTag d;
  for (std::int64_t column = 0; column < columns; column += hn::Lanes(d)) {
    const auto scale = hn::Load(d, factor + column);
    for (std::int64_t row = 0; row < rows; ++row) {
      float* at = table + row * columns + column;
      hn::Store(hn::Mul(scale, hn::Load(d, at)), d, at);
    }
  }
}

}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HEED_BACKENDS_CPU_ATTENTION_DISTANCE_INL_H_
