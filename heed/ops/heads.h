// Maps of queries and keys head by head: [rows, heads · size], each head alone.
#pragma once

#include "heed/autograd/gradient.h"
#include "heed/kernels/matmul.h"

namespace heed::ops {

// Each head divided by its root mean square over its components, times `gain` ([size], shared by
// the heads): y_h = x_h / sqrt(mean(x_h²) + epsilon) ⊙ gain.
Tensor rms_norm_heads(const Tensor& x, const Tensor& gain, float epsilon);

// The columns cut evenly into as many runs as there are factors ([n] or [1, n]), each times its
// factor: with one factor per head, y_h = factors[h] · x_h.
//   dx_h = factors[h] · dy_h,  dfactors[h] = Σ_rows dy_h · x_h.
Tensor scale_heads(const Tensor& x, const Tensor& factors);

// Each head times a matrix of its own: y_h = x_h · W_h, with W_h the rows h · size … of `weight`
// [heads · size, out] → [rows, heads · out].
//   dx_h = dy_h W_hᵀ,  dW_h = x_hᵀ dy_h.
Tensor linear_heads(const Tensor& x, const Tensor& weight, int heads,
                    MatmulPrecision precision = MatmulPrecision::float32);

// exp(min(x, largest)) of a handful of numbers (one per head). The gradient is y ⊙ dy, and 0 where
// x exceeds `largest`.
Tensor exponentials(const Tensor& x, double largest);

}  // namespace heed::ops
