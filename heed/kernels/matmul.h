// Matrix products.
#pragma once

#include <cstdint>

#include "heed/kernels/kernel.h"

namespace heed {

// The type in which products are formed. Operands, results and sums stay float32: with bfloat16 the
// operands are rounded to bfloat16 on the way in. Float64 operands ignore it (reference backend).
enum class MatmulPrecision : std::uint8_t { float32, bfloat16 };

struct MatmulOptions {
  bool transpose_a = false;  // a is stored [k, m] instead of [m, k]
  bool transpose_b = false;  // b is stored [n, k] instead of [k, n]
  bool accumulate = false;   // c += instead of c =
  float alpha = 1;           // scales the product (not the bias, nor what c held)
  MatmulPrecision precision = MatmulPrecision::float32;
  ConstView bias = {};  // [n], added to every row; none when undefined
  bool relu = false;    // c = max(0, product + bias); not together with accumulate
};

// c[m, n] = alpha · op(a)[m, k] · op(b)[k, n] (+ bias) (+ c). Any size may be 0: k = 0 gives zeros
// (+ bias). Row strides are free; c must not overlap a or b. `b` with a stamp (View::stamp != 0)
// may be kept packed until the stamp changes. NaN and infinity pass through, relu(NaN) included.
// The same bits at any number of threads.
inline KernelSlot<void(ExecutionContext&, ConstView a, ConstView b, View c, const MatmulOptions&)>
    matmul{"matmul"};

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
