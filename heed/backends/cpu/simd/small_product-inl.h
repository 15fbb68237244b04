// Products of small matrices that lie in the first-level cache: blocks of rows × vectors of columns
// are summed in registers.
//
// Each element of c is one chain of fused multiply-adds over the depth, in order, whatever the
// blocks: so its bits depend on its row of a and its column of b alone.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#if defined(HEED_BACKENDS_CPU_SIMD_SMALL_PRODUCT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEED_BACKENDS_CPU_SIMD_SMALL_PRODUCT_INL_H_
#undef HEED_BACKENDS_CPU_SIMD_SMALL_PRODUCT_INL_H_
#else
#define HEED_BACKENDS_CPU_SIMD_SMALL_PRODUCT_INL_H_
#endif

#include "heed/backends/cpu/simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {

// c[rows, columns] = row_factor ⊙ (a·b), or with accumulate row_factor ⊙ c + a·b. A null row_factor
// counts as ones. a is [rows, depth], or stored [depth, rows] where the function says so; b is
// [depth, columns], readable up to the next multiple of a vector.
struct SmallProduct {
  const float* a;
  std::int64_t a_stride;
  const float* b;
  std::int64_t b_stride;
  float* c;
  std::int64_t c_stride;
  const float* row_factor;
  bool accumulate;
};

// Which part of the depth and of the columns the rows row_begin … row_end-1 need.
struct ProductRange {
  std::int64_t depth_begin, depth_end, column_begin;
};
struct WholeRange {
  std::int64_t depth;
  ProductRange operator()(std::int64_t, std::int64_t) const { return {0, depth, 0}; }
};

// Blocks that fit into the registers: 32 where vectors have 16 lanes, else 16.
inline constexpr bool product_wide = hn::MaxLanes(FloatTag()) == 16;
inline constexpr int product_max_vectors = product_wide ? 4 : 2;
inline constexpr int product_max_rows = 8;
inline constexpr std::array<int, 4> product_rows =
    product_wide ? std::array<int, 4>{8, 8, 8, 6} : std::array<int, 4>{8, 6, 0, 0};

template <int kRows, int kVectors, bool kTransposed>
HWY_NOINLINE void product_block(const SmallProduct& x, std::int64_t depth, std::size_t last_count) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  FloatVec sums[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      sums[r][v] = hn::Zero(d);
    }
  }
  const float* a = x.a;
  const float* b = x.b;
  const std::int64_t a_stride = x.a_stride;
  const std::int64_t b_stride = x.b_stride;
  for (std::int64_t step = 0; step < depth; ++step) {
    FloatVec columns[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      columns[v] = hn::LoadU(d, b + static_cast<std::size_t>(v) * lanes);
    }
    for (int r = 0; r < kRows; ++r) {
      const auto row = hn::Set(d, kTransposed ? a[r] : a[r * a_stride]);
      for (int v = 0; v < kVectors; ++v) {
        sums[r][v] = hn::MulAdd(row, columns[v], sums[r][v]);
      }
    }
    a += kTransposed ? a_stride : 1;
    b += b_stride;
  }
  for (int r = 0; r < kRows; ++r) {
    float* c = x.c + r * x.c_stride;
    const auto factor = hn::Set(d, x.row_factor == nullptr ? 1.0f : x.row_factor[r]);
    for (int v = 0; v < kVectors; ++v) {
      float* at = c + static_cast<std::size_t>(v) * lanes;
      const std::size_t count = v + 1 == kVectors ? last_count : lanes;
      store(d,
            x.accumulate ? hn::MulAdd(factor, load(d, at, count), sums[r][v])
                         : hn::Mul(factor, sums[r][v]),
            at, count);
    }
  }
}

using ProductBlock = void (*)(const SmallProduct&, std::int64_t, std::size_t);
using ProductBlocks = std::array<std::array<ProductBlock, product_max_rows>, product_max_vectors>;

template <bool kTransposed, int kVectors, std::size_t... kRow>
constexpr auto product_blocks_of(std::index_sequence<kRow...>) {
  constexpr int limit = product_rows[kVectors - 1];
  return std::array<ProductBlock, product_max_rows>{
      &product_block<std::min(static_cast<int>(kRow) + 1, limit), kVectors, kTransposed>...};
}
template <bool kTransposed, std::size_t... kVector>
constexpr ProductBlocks all_product_blocks(std::index_sequence<kVector...>) {
  return {product_blocks_of<kTransposed, static_cast<int>(kVector) + 1>(
      std::make_index_sequence<product_max_rows>())...};
}
// Entry [vectors - 1][rows - 1].
template <bool kTransposed>
inline constexpr ProductBlocks product_blocks =
    all_product_blocks<kTransposed>(std::make_index_sequence<product_max_vectors>());

// The product for `rows` rows from `row_begin` on.
template <bool kTransposed>
HWY_INLINE void product_rows_block(const SmallProduct& x, std::int64_t row_begin, std::int64_t rows,
                                   std::int64_t columns, const ProductRange& range) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(FloatTag()));
  const std::int64_t vectors = (columns - range.column_begin + lanes - 1) / lanes;
  if (vectors <= 0) {
    return;
  }
  const std::int64_t panels = (vectors + product_max_vectors - 1) / product_max_vectors;
  for (std::int64_t panel = 0; panel < panels; ++panel) {
    const std::int64_t first = panel * vectors / panels;
    const std::int64_t width = (panel + 1) * vectors / panels - first;
    const std::int64_t column = range.column_begin + first * lanes;
    SmallProduct block = x;
    block.a += kTransposed ? range.depth_begin * x.a_stride + row_begin
                           : row_begin * x.a_stride + range.depth_begin;
    block.b += range.depth_begin * x.b_stride + column;
    block.c += row_begin * x.c_stride + column;
    block.row_factor = x.row_factor == nullptr ? nullptr : x.row_factor + row_begin;
    const std::int64_t last = std::min(lanes, columns - column - (width - 1) * lanes);
    product_blocks<kTransposed>[static_cast<std::size_t>(width - 1)][static_cast<std::size_t>(
        rows - 1)](block, range.depth_end - range.depth_begin, static_cast<std::size_t>(last));
  }
}

// The whole product. kTransposed: a is stored [depth, rows]. `range_of` narrows the depth and the
// columns by rows; what it leaves out of c is not written.
template <bool kTransposed, class RangeOf>
HWY_INLINE void small_product(const SmallProduct& x, std::int64_t rows, std::int64_t columns,
                              const RangeOf& range_of) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(FloatTag()));
  const std::int64_t vectors = (columns + lanes - 1) / lanes;
  if (rows <= 0 || vectors == 0) {
    return;
  }
  const std::int64_t most = product_rows[static_cast<std::size_t>(
      std::min<std::int64_t>(vectors, product_max_vectors) - 1)];
  const std::int64_t blocks = (rows + most - 1) / most;
  for (std::int64_t block = 0; block < blocks; ++block) {
    const std::int64_t begin = block * rows / blocks;
    const std::int64_t end = (block + 1) * rows / blocks;
    product_rows_block<kTransposed>(x, begin, end - begin, columns, range_of(begin, end));
  }
}

#if HWY_TARGET != HWY_SCALAR
// Transposes a square of vectors in registers, as 4 × 4 blocks within the 128-bit parts of vectors
// and then those parts.
HWY_INLINE void transpose_quads(FloatTag d, FloatVec* x) {
  const hn::Repartition<std::uint64_t, FloatTag> pairs;
  const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, x[0], x[1]));
  const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, x[2], x[3]));
  const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, x[0], x[1]));
  const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, x[2], x[3]));
  x[0] = hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23));
  x[1] = hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23));
  x[2] = hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23));
  x[3] = hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23));
}

template <std::size_t kLanes, class D>
HWY_INLINE void transpose_square(D d, FloatVec* x) {
  for (std::size_t quad = 0; quad < kLanes; quad += 4) {
    transpose_quads(d, x + quad);
  }
  if constexpr (kLanes == 8) {
    for (std::size_t c = 0; c < 4; ++c) {
      const auto left = x[c];
      const auto right = x[4 + c];
      x[c] = hn::ConcatLowerLower(d, right, left);
      x[4 + c] = hn::ConcatUpperUpper(d, right, left);
    }
  } else if constexpr (kLanes == 16) {
    for (std::size_t c = 0; c < 4; ++c) {
      const auto low02 = hn::ConcatLowerLower(d, x[8 + c], x[c]);
      const auto low13 = hn::ConcatLowerLower(d, x[12 + c], x[4 + c]);
      const auto high02 = hn::ConcatUpperUpper(d, x[8 + c], x[c]);
      const auto high13 = hn::ConcatUpperUpper(d, x[12 + c], x[4 + c]);
      x[c] = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(low13), low02);
      x[4 + c] = hn::OddEvenBlocks(low13, hn::SwapAdjacentBlocks(low02));
      x[8 + c] = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(high13), high02);
      x[12 + c] = hn::OddEvenBlocks(high13, hn::SwapAdjacentBlocks(high02));
    }
  }
}

#else
template <std::size_t kLanes, class D>
HWY_INLINE void transpose_square(D, FloatVec*) {}
#endif

// to[columns, padded_rows] = factor · transpose(from[rows, columns]); rows up to padded_rows, a
// multiple of 16, become zeros.
HWY_INLINE void transpose_scaled(const float* from, std::int64_t from_stride, std::int64_t rows,
                                 std::int64_t columns, float factor, float* to,
                                 std::int64_t padded_rows) {
  const FloatTag d;
  constexpr std::size_t lanes = hn::MaxLanes(FloatTag());
  constexpr auto step = static_cast<std::int64_t>(lanes);
  const auto scale = hn::Set(d, factor);
  for (std::int64_t row = 0; row < padded_rows; row += step) {
    for (std::int64_t column = 0; column < columns; column += step) {
      const auto count = static_cast<std::size_t>(std::min(step, columns - column));
      FloatVec square[lanes];
      for (std::size_t r = 0; r < lanes; ++r) {
        const std::int64_t source = row + static_cast<std::int64_t>(r);
        square[r] = source < rows
                        ? hn::Mul(scale, load(d, from + source * from_stride + column, count))
                        : hn::Zero(d);
      }
      transpose_square<lanes>(d, square);
      for (std::size_t c = 0; c < count; ++c) {
        hn::Store(square[c], d, to + (column + static_cast<std::int64_t>(c)) * padded_rows + row);
      }
    }
  }
}

// to[rows, columns rounded up to whole vectors] = from[rows, columns]: an operand b that may be
// read past its columns.
HWY_INLINE void pad_columns(const float* from, std::int64_t from_stride, std::int64_t rows,
                            std::int64_t columns, float* to, std::int64_t to_stride) {
  const FloatTag d;
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* in = from + row * from_stride;
    float* out = to + row * to_stride;
    for_each_vector(d, 0, static_cast<std::size_t>(columns),
                    [&](std::size_t c, std::size_t n)
                        HEED_SIMD_LAMBDA { hn::StoreU(load(d, in + c, n), d, out + c); });
  }
}

}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HEED_BACKENDS_CPU_SIMD_SMALL_PRODUCT_INL_H_
