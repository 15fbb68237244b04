#include "heed/interop/stored_parameters.h"

#include <algorithm>

#include "heed/kernels/elementwise.h"

namespace heed {

namespace {

// Within a task of the pool: alone.
void round_to_bfloat16(const Tensor& from, const Tensor& to) {
  ExecutionContext context{.device = to.device()};
  convert(context, from, to);
}

}  // namespace

std::vector<StoredTensor> stored_parameters_of(Module& module, bool rounded) {
  const std::vector<NamedTensor> stored = stored_tensors_of(module);
  std::vector<StoredTensor> result;
  auto part = stored.begin();
  for (const NamedParameter& item : parameters_of(module)) {
    Tensor& tensor = item.parameter->value;
    StoredTensor& parameter = result.emplace_back(StoredTensor{.tensor = &tensor, .parts = {}});
    if (rounded && item.parameter->operand && tensor.dtype() == DType::float32) {
      parameter.round = round_to_bfloat16;
    }
    for (; part != stored.end() && part->tensor.storage() == tensor.storage(); ++part) {
      parameter.parts.push_back({.name = part->name, .tensor = part->tensor});
    }
  }
  return result;
}

}  // namespace heed
