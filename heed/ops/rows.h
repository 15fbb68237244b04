// Rows taken, joined and scaled; and the same memory seen in another shape. A pooled token, masked
// tokens, windows of an image and merged patches are made of these.
//
// Thread-safety: as autograd/gradient.h says.
#pragma once

#include <span>

#include "heed/autograd/gradient.h"

namespace heed::ops {

// y[r] = x[index[r]].  x: [rows, d]; index: int32 [n], each 0 … rows-1, repeated or not → [n, d].
// The gradient of a row is the sum of those of its copies, in their order.
Tensor gather_rows(const Tensor& x, const Tensor& index);

// y[s] = the mean of x's rows offsets[s] … offsets[s+1]-1, at least one each: [sequences, d].
Tensor sequence_means(const Tensor& x, std::span<const std::int32_t> offsets);

// The rows of all parts, one part behind the other: [Σ rows, d]. At least one part.
Tensor concat_rows(std::span<const Tensor> parts);

// y[r] = factors[r] · x[r].  x: [rows, d]; factors: [rows], of x's type. They are constants: who
// wants their gradient is refused. With 0 or 1 / (probability of keeping) for all rows of an
// example this is stochastic depth (Huang et al., "Deep networks with stochastic depth", 2016).
Tensor scale_rows(const Tensor& x, const Tensor& factors);

// The columns cut evenly into as many runs as there are factors ([n] or [1, n]), each times its
// factor: one for each column (layer scale: Touvron et al., "Going deeper with image Transformers",
// 2021), or one for each head.
//   dx_h = factors[h] · dy_h,  dfactors[h] = Σ_rows dy_h · x_h.
Tensor scale_columns(const Tensor& x, const Tensor& factors);

// The same elements in another shape, sharing memory. Only for x that lies side by side; a slice of
// columns does not.
Tensor reshape(const Tensor& x, const Shape& shape);

}  // namespace heed::ops
