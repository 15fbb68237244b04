// Affine maps.
//
// Thread-safety: as autograd/gradient.h says.
#pragma once

#include "heed/autograd/gradient.h"
#include "heed/kernels/dropout.h"
#include "heed/kernels/matmul.h"

namespace heed::ops {

// What a map keeps for whoever needs its output in the backward pass.
enum class Keep : std::uint8_t {
  output,
  operands,  // the product is formed again, with the same bits: less memory, more time
};

// y = x·Wᵀ + b.  x: [rows, in]; weight: [out, in]; bias: [out] or [1, out] or undefined →
// [rows, out]. On a device that converts, a weight that does not learn may be kept in bfloat16, for
// products of bfloat16: the same bits at half the memory; or in integers (quantize_rows), for
// products of int8, at a quarter.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias,
              MatmulPrecision precision = MatmulPrecision::float32, Keep keep = Keep::output);

// dropout(max(0, x·Wᵀ + b)): as linear() and activate(), but the pre-activation is never kept.
Tensor linear_relu(const Tensor& x, const Tensor& weight, const Tensor& bias,
                   const DropoutStream& stream = {},
                   MatmulPrecision precision = MatmulPrecision::float32, Keep keep = Keep::output);

}  // namespace heed::ops
