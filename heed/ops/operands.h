// Tensors as the operands of kernels.
#pragma once

#include "heed/tensor/tensor.h"

namespace heed::ops {

// Memory for a result of the shape, element type and device of x.
inline Tensor empty_like(const Tensor& x) {
  return Tensor::empty(x.shape(), x.dtype(), x.device());
}

// The view of a tensor that may be undefined.
inline View optional_view(const Tensor& x) {
  return x.defined() ? x.view() : View();
}

}  // namespace heed::ops
