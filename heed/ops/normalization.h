// Layer normalisation and the residual sums around it.
//
// Thread-safety: as autograd/gradient.h says.
#pragma once

#include "heed/autograd/gradient.h"
#include "heed/kernels/normalization.h"

namespace heed::ops {

// LN(x) over the last axis: x [rows, d], gain and bias [d].
Tensor layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, float epsilon);

// LN(x + dropout(branch)), the post-norm end of a sublayer, in one pass.
Tensor residual_layer_norm(const Tensor& x, const Tensor& branch, const Tensor& gain,
                           const Tensor& bias, float epsilon, const DropoutStream& stream);

// x + dropout(branch), the pre-norm end of a sublayer.
Tensor residual_add(const Tensor& x, const Tensor& branch, const DropoutStream& stream);

// x / rms(x) ⊙ gain over the last axis.
Tensor rms_norm(const Tensor& x, const Tensor& gain, float epsilon);

}  // namespace heed::ops
