// A tensor and its name, as models list them and files hold them.
//
// Thread-safety: that of the tensor it holds.
#pragma once

#include <string>

#include "heed/tensor/tensor.h"

namespace heed {

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

}  // namespace heed
