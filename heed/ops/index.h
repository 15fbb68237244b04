// Tensors of ids, targets and row numbers, which callers make on the host.
//
// Thread-safety: as autograd/gradient.h says.
#pragma once

#include "heed/tensor/tensor.h"

namespace heed::ops {

// An index where an op computes: itself, or a copy of one that lives elsewhere. Whoever uses it
// again and again keeps it on the device.
inline Tensor placed(const Tensor& index, Device device) {
  return !index.defined() || index.device() == device ? index : index.to(device);
}

}  // namespace heed::ops
