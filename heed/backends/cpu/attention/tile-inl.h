// One tile of attention scores: up to 64 queries × 64 keys of one head, stored with the keys as
// rows and the queries side by side. So maxima and sums over keys run down the lanes, and neither
// keys nor values are ever transposed.
//
// Scores are kept in units of log 2: exponentials are powers of two.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "heed/backends/cpu/attention/mask.h"
#include "heed/backends/cpu/attention/work.h"

#if defined(HEED_BACKENDS_CPU_ATTENTION_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEED_BACKENDS_CPU_ATTENTION_TILE_INL_H_
#undef HEED_BACKENDS_CPU_ATTENTION_TILE_INL_H_
#else
#define HEED_BACKENDS_CPU_ATTENTION_TILE_INL_H_
#endif

#include "heed/backends/cpu/simd/small_product-inl.h"
#include "hwy/cache_control.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {

inline constexpr float attention_log2_e = 1.44269504f;
inline constexpr float attention_ln_2 = 0.693147181f;

// 2^x for x <= 127; below -126 it is 0. NaN stays NaN.
HWY_INLINE FloatVec power_of_two(FloatTag d, FloatVec x) {
  const hn::RebindToSigned<FloatTag> di;
  const auto n = hn::Round(x);
  const auto r = hn::Sub(x, n);
  auto q = hn::Set(d, 0.000153533620f);
  q = hn::MulAdd(q, r, hn::Set(d, 0.00133988750f));
  q = hn::MulAdd(q, r, hn::Set(d, 0.00961843692f));
  q = hn::MulAdd(q, r, hn::Set(d, 0.0555033237f));
  q = hn::MulAdd(q, r, hn::Set(d, 0.240226477f));
  q = hn::MulAdd(q, r, hn::Set(d, 0.693147182f));
  q = hn::MulAdd(q, r, hn::Set(d, 1.0f));
  const auto scale =
      hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(di, n), hn::Set(di, 127))));
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -126.0f)), hn::Mul(q, scale));
}

// log2(x) for normal x > 0; -inf for 0. NaN stays NaN.
HWY_INLINE FloatVec logarithm_of_two(FloatTag d, FloatVec x) {
  const hn::RebindToSigned<FloatTag> di;
  // x = 2^e m with m in [sqrt(1/2), sqrt(2)), whose bits begin at 0x3F3504F3.
  const auto bits = hn::BitCast(di, x);
  const auto e = hn::ShiftRight<23>(hn::Sub(bits, hn::Set(di, 0x3F3504F3)));
  const auto m = hn::BitCast(d, hn::Sub(bits, hn::ShiftLeft<23>(e)));
  // ln m = 2 artanh s = 2 (s + s³/3 + s⁵/5 + …).
  const auto one = hn::Set(d, 1.0f);
  const auto s = hn::Div(hn::Sub(m, one), hn::Add(m, one));
  const auto square = hn::Mul(s, s);
  auto q = hn::Set(d, 2.0f / 9);
  q = hn::MulAdd(q, square, hn::Set(d, 2.0f / 7));
  q = hn::MulAdd(q, square, hn::Set(d, 2.0f / 5));
  q = hn::MulAdd(q, square, hn::Set(d, 2.0f / 3));
  q = hn::MulAdd(q, square, hn::Set(d, 2.0f));
  const auto logarithm =
      hn::MulAdd(hn::Mul(q, s), hn::Set(d, attention_log2_e), hn::ConvertTo(d, e));
  const auto infinity = hn::Set(d, std::numeric_limits<float>::infinity());
  return hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Neg(infinity),
                        hn::MulAdd(x, hn::Zero(d), logarithm));
}

// Starts to fetch rows that are needed soon. The rows of one head lie too far apart for the machine
// to foresee them.
HWY_INLINE void fetch_rows(const float* first, std::int64_t stride, std::int64_t rows,
                           std::int64_t columns) {
  constexpr std::int64_t line = 64 / sizeof(float);
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < columns; column += line) {
      hwy::Prefetch(first + row * stride + column);
    }
  }
}

// Which query sees which key of a tile.
struct TileShape {
  std::int64_t queries = 0;
  std::int64_t columns = 0;  // queries rounded up to a multiple of attention_lanes
  std::int64_t keys = 0;
  // Query i of the tile sees its keys j < base + i, or without a base those of the bits.
  std::int64_t base = 0;
  const std::uint64_t* visible = nullptr;  // bit i of entry j
  // Keys that some query of a group of lanes sees, or of a group before it.
  std::int64_t seen[attention_tile / attention_lanes] = {};

  // Of a plan without masks beyond causality.
  static TileShape of(const AttentionPlan& plan, std::int64_t start, Span queries, Span keys) {
    TileShape shape = empty(queries, keys);
    const std::int64_t first = plan.causal ? start + queries.begin + 1 - keys.begin : keys.size();
    shape.base = std::clamp(first, -2 * attention_tile, attention_tile);
    for (std::int64_t column = 0; column < shape.columns; column += attention_lanes) {
      const std::int64_t last = std::min(column + attention_lanes, shape.queries) - 1;
      shape.seen[column / attention_lanes] =
          plan.causal ? std::clamp<std::int64_t>(shape.base + last, 0, shape.keys) : shape.keys;
    }
    return shape;
  }

  // Of any plan, for queries and keys of a sequence at whose position 0 stands `start`; `bits` is
  // memory for the tile's keys. Returns false when no query sees a key.
  static bool look(const AttentionPlan& plan, std::int32_t sequence, Span queries, Span keys,
                   std::uint64_t* bits, TileShape* shape) {
    const auto s = static_cast<std::size_t>(sequence);
    if (!plan.masks_beyond_causal()) {
      *shape = of(plan, plan.query_start(s), queries, keys);
      return shape->seen[(shape->columns - 1) / attention_lanes] > 0;
    }
    *shape = empty(queries, keys);
    const TileSight sight = look_at_tile(plan, s, queries, keys, bits);
    if (sight == TileSight::mixed) {
      shape->visible = bits;
      for (std::int64_t j = 0; j < shape->keys; ++j) {
        for (std::int64_t g = 0; g * attention_lanes < shape->columns; ++g) {
          if ((bits[j] & ((std::uint64_t{2} << ((g + 1) * attention_lanes - 1)) - 1)) != 0) {
            shape->seen[g] = j + 1;
          }
        }
      }
    } else {
      shape->base = shape->keys;
      std::fill_n(shape->seen, attention_tile / attention_lanes, shape->keys);
    }
    return sight != TileSight::none;
  }

  // Keys that every query from lane `column` on sees, the first ones.
  std::int64_t seen_by_all(std::int64_t column) const {
    return visible != nullptr ? 0 : std::clamp<std::int64_t>(base + column, 0, keys);
  }
  bool partial() const { return seen_by_all(0) < keys; }
  bool sees(std::int64_t query, std::int64_t key) const {
    return visible != nullptr ? (visible[key] >> query & 1) != 0 : key < base + query;
  }
  // The first lane of the first group that sees key `key`.
  std::int64_t first_column(std::int64_t key) const {
    std::int64_t column = 0;
    while (column < columns && seen[column / attention_lanes] <= key) {
      column += attention_lanes;
    }
    return column;
  }

 private:
  static TileShape empty(Span queries, Span keys) {
    TileShape shape;
    shape.queries = queries.size();
    shape.columns = (queries.size() + attention_lanes - 1) / attention_lanes * attention_lanes;
    shape.keys = keys.size();
    return shape;
  }
};

// Rows are keys and columns queries: scores, and gradients of the weights.
struct ScoreRange {
  const TileShape& shape;
  std::int64_t depth;
  ProductRange operator()(std::int64_t key_begin, std::int64_t) const {
    return {0, depth, shape.first_column(key_begin)};
  }
};
// Rows are queries and the depth runs over keys: out, dq.
struct QueryRange {
  const TileShape& shape;
  ProductRange operator()(std::int64_t, std::int64_t query_end) const {
    return {0, shape.seen[(query_end - 1) / attention_lanes], 0};
  }
};
// Rows are keys and the depth runs over queries: dk, dv.
struct KeyRange {
  const TileShape& shape;
  ProductRange operator()(std::int64_t key_begin, std::int64_t) const {
    return {std::min(shape.first_column(key_begin), shape.queries), shape.queries, 0};
  }
};

// Lanes of a mask stored as bits, from bit `column` on.
HWY_INLINE hn::Mask<FloatTag> mask_from_bits(FloatTag d, const std::uint64_t* bits,
                                             std::int64_t column) {
  if constexpr (hn::MaxLanes(FloatTag()) >= 8) {
    return hn::LoadMaskBits(d, reinterpret_cast<const std::uint8_t*>(bits) + column / 8);
  } else {
    const std::uint64_t shifted = *bits >> column;
    return hn::LoadMaskBits(d, reinterpret_cast<const std::uint8_t*>(&shifted));
  }
}

// Lane i of the vector of columns from `column` on: whether its query sees key `key`.
HWY_INLINE hn::Mask<FloatTag> sees(FloatTag d, const TileShape& shape, std::int64_t column,
                                   std::int64_t key) {
  if (shape.visible != nullptr) {
    return mask_from_bits(d, shape.visible + key, column);
  }
  return hn::Gt(hn::Iota(d, static_cast<float>(column)),
                hn::Set(d, static_cast<float>(key - shape.base)));
}

// Calls body(column, key, place) for the vectors of a tile whose queries may see the key; `place`
// counts from the tile's first element.
template <class Body>
HWY_INLINE void for_each_seen(const TileShape& shape, Body&& body) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(FloatTag()));
  for (std::int64_t column = 0; column < shape.columns; column += lanes) {
    const std::int64_t seen = shape.seen[column / attention_lanes];
    for (std::int64_t key = 0; key < seen; ++key) {
      body(column, key, key * shape.columns + column);
    }
  }
}

}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HEED_BACKENDS_CPU_ATTENTION_TILE_INL_H_
