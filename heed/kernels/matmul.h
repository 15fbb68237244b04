// Matrix products.
//
// Thread-safety: as kernels/kernel.h says.
#pragma once

#include <cstdint>
#include <string_view>

#include "heed/kernels/kernel.h"

namespace heed {

// The type in which products are formed. Operands and results stay float32. Float64 operands ignore
// it (reference backend).
//   bfloat16: the operands are rounded to bfloat16 on the way in; sums are float32. On a device
//   that
//     converts, `a` and `b` may be stored in bfloat16 already, for the same result to the bit.
//   int8: for inference. Every row of `a` and every row of a stored weight is rounded to integers
//     of -127 … 127 by a scale of its own, its greatest magnitude / 127; sums of integers are
//     exact. Only products with a weight (see quantizes()); all others are formed in float32. `b`
//     may be stored in integers already (quantize_rows), for the same result to the bit.
enum class MatmulPrecision : std::uint8_t { float32, bfloat16, int8 };

// "float32", "bf16" or "int8". Errors (usage): anything else.
MatmulPrecision parse_precision(std::string_view name);

struct MatmulOptions {
  bool transpose_a = false;  // a is stored [k, m] instead of [m, k]
  bool transpose_b = false;  // b is stored [n, k] instead of [k, n]
  bool accumulate = false;   // c += instead of c =
  float alpha = 1;           // scales the product (not the bias, nor what c held)
  MatmulPrecision precision = MatmulPrecision::float32;
  ConstView bias = {};  // [n], added to every row; none when undefined
  bool relu = false;    // c = max(0, product + bias); not together with accumulate

  void visit_views(auto&& visit) const { visit(bias); }
};

// c[m, n] = alpha · op(a)[m, k] · op(b)[k, n] (+ bias) (+ c). Any size may be 0: k = 0 gives zeros
// (+ bias). Row strides are free; c must not overlap a or b. `b` with a stamp (View::stamp != 0)
// may be kept packed until the stamp changes. NaN and infinity pass through, relu(NaN) included.
// The same bits at any number of threads.
inline KernelSlot<void(ExecutionContext&, ConstView a, ConstView b, View c, const MatmulOptions&)>
    matmul{"matmul"};

// A weight [n, k] that is stored in integers is int8 [n, k + row_scale_bytes]: behind the integers
// of a row stand the bytes of its scale, a float32.
inline constexpr std::int64_t row_scale_bytes = 4;
inline constexpr std::int64_t integer_depth_limit = 65536;  // of k: sums fit into 32 bits

// k of a weight as it is stored, in floating point or in integers.
inline std::int64_t stored_depth(DType dtype, std::int64_t columns) {
  return dtype == DType::int8 ? columns - row_scale_bytes : columns;
}

// Rounds a weight [n, k], k up to integer_depth_limit, as products of int8 do. NaN and infinity
// make the scale of their row NaN.
inline KernelSlot<void(ExecutionContext&, ConstView weight, View integers)> quantize_rows{
    "quantize_rows"};

// Whether a product with this right operand is formed in integers: `b` is a weight as it is stored,
// [n, k], and keeps its values (it has a stamp).
inline bool quantizes(const ConstView& b, const MatmulOptions& options) {
  return options.precision == MatmulPrecision::int8 && options.transpose_b &&
         !options.transpose_a && b.stamp != 0 &&
         (b.dtype == DType::int8 ||
          (b.dtype == DType::float32 && b.columns() <= integer_depth_limit));
}

// What a row of this greatest magnitude is multiplied by before it is rounded to integers; rows of
// next to nothing become zeros.
inline float quantizing_factor(float greatest) {
  return greatest > 1e-30f ? 127.0f / greatest : 0;
}

// Errors (usage): shapes or types that quantize_rows does not take.
void check_quantized_shape(const ConstView& weight, const View& integers);

struct MatmulSizes {
  std::int64_t m = 0, n = 0, k = 0;
};
// The sizes of a product. Throws a usage error that names the shapes when operands, result, bias
// and options do not fit together.
MatmulSizes matmul_sizes(const ConstView& a, const ConstView& b, const View& c,
                         const MatmulOptions& options);

// sums[n] (+)= column sums of x[m, n], in a fixed order whatever the number of threads. No rows
// give zeros.
inline KernelSlot<void(ExecutionContext&, ConstView x, bool accumulate, View sums)> column_sums{
    "column_sums"};

}  // namespace heed
