// Maps of queries and keys head by head: [rows, heads · size], each head alone.
//
// Thread-safety: as autograd/gradient.h says.
#pragma once

#include "heed/autograd/gradient.h"
#include "heed/kernels/matmul.h"

namespace heed::ops {

// Each head divided by its root mean square over its components, times `gain` ([size], shared by
// the heads): y_h = x_h / sqrt(mean(x_h²) + epsilon) ⊙ gain.
Tensor rms_norm_heads(const Tensor& x, const Tensor& gain, float epsilon);

// Each head times a matrix of its own: y_h = x_h · W_h, with W_h the rows h · size … of `weight`
// [heads · size, out] → [rows, heads · out].
//   dx_h = dy_h W_hᵀ,  dW_h = x_hᵀ dy_h.
Tensor linear_heads(const Tensor& x, const Tensor& weight, int heads,
                    MatmulPrecision precision = MatmulPrecision::float32);

// exp(min(x, largest)) of a handful of numbers (one per head). The gradient is y ⊙ dy, and 0 where
// x exceeds `largest`.
Tensor exponentials(const Tensor& x, double largest);

}  // namespace heed::ops
