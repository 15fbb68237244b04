#include "heed/interop/stored_parameters.h"

#include <algorithm>

namespace heed {

std::vector<StoredTensor> stored_parameters_of(Module& module) {
  const std::vector<NamedTensor> stored = stored_tensors_of(module);
  std::vector<StoredTensor> result;
  auto part = stored.begin();
  for (const NamedParameter& item : parameters_of(module)) {
    Tensor& tensor = item.parameter->value;
    StoredTensor& parameter = result.emplace_back(StoredTensor{.tensor = &tensor, .parts = {}});
    for (; part != stored.end() && part->tensor.storage() == tensor.storage(); ++part) {
      parameter.parts.push_back({.name = part->name, .tensor = part->tensor});
    }
  }
  return result;
}

}  // namespace heed
