// Operands of a matrix product laid out as the inner kernels want them.
//
// Depth (the summed axis) is cut into chunks and padded with zeros to `depth` elements, a multiple
// of `depth_unit`. Both operands are padded, so that a NaN only ever meets its true partner.
//
//   row block:    [rows][depth]: a dense matrix, `a` of the product.
//   column panel: [columns / 64][depth][64], `b` of the product, columns padded with zeros to
//                 whole panels. In bfloat16 two neighbours in depth lie side by side:
//                 [columns / 64][depth / 2][64][2], in int8 four. oneDNN calls these BA16a64b,
//                 BA16a64b2a and BA16a64b4a.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heed/tensor/dtype.h"

namespace heed::cpu {

inline constexpr std::int64_t panel_columns = 64;
inline constexpr std::int64_t depth_unit = 32;

// How elements of packed operands are held.
enum class PackedType : std::uint8_t {
  float32,
  rounded,  // rounded to bfloat16 and held as float32, where products in bfloat16 do not pay
  bfloat16,
  int8,  // packed by int8.h
};

inline std::size_t packed_size(PackedType type) {
  return type == PackedType::int8 ? 1 : type == PackedType::bfloat16 ? 2 : 4;
}

inline std::int64_t round_up(std::int64_t value, std::int64_t unit) {
  return (value + unit - 1) / unit * unit;
}

// A stored matrix whose rows start `stride` elements apart. `outer` and `inner` count the rows and
// the elements of a row that are to be packed.
struct PackSource {
  const float* data = nullptr;
  std::int64_t stride = 0;
  std::int64_t outer = 0;
  std::int64_t inner = 0;
};

// The same of a matrix in bfloat16, which is packed as bfloat16 or as rounded.
struct RoundedSource {
  const BFloat16* data = nullptr;
  std::int64_t stride = 0;
  std::int64_t outer = 0;
  std::int64_t inner = 0;
};

// Row block from a stored [rows = outer, depth = inner].
void pack_rows(const PackSource& source, std::int64_t depth, PackedType type, void* packed);
void pack_rows(const RoundedSource& source, std::int64_t depth, PackedType type, void* packed);
// Row block from a stored [depth = outer, rows = inner].
void pack_rows_transposed(const PackSource& source, std::int64_t depth, PackedType type,
                          void* packed);
// Column panels from a stored [depth = outer, columns = inner]. Writes the first `rows` rows of
// panels that are `depth` deep (both even in bfloat16).
void pack_panels(const PackSource& source, std::int64_t rows, std::int64_t depth, PackedType type,
                 void* packed);
void pack_panels(const RoundedSource& source, std::int64_t rows, std::int64_t depth,
                 PackedType type, void* packed);
// Column panels from a stored [columns = outer, depth = inner].
void pack_panels_transposed(const PackSource& source, std::int64_t depth, PackedType type,
                            void* packed);
void pack_panels_transposed(const RoundedSource& source, std::int64_t depth, PackedType type,
                            void* packed);

// What becomes of a product that was formed in scratch memory:
//   c[r, j] = max?(0, alpha · product[r, j] (+ bias[j]) (+ c[r, j]))
struct StoreTile {
  const float* product = nullptr;
  std::int64_t product_stride = 0;
  float* c = nullptr;
  std::int64_t c_stride = 0;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  float alpha = 1;
  const float* bias = nullptr;
  bool accumulate = false;
  bool relu = false;
};
void store_tile(const StoreTile& tile);

// sums[j] = Σ_r x[r, j] for `columns` columns; row r starts at x + r * stride.
void sum_rows(const float* x, std::int64_t stride, std::int64_t rows, std::int64_t columns,
              float* sums);

}  // namespace heed::cpu
