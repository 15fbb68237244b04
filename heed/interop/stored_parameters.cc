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

Tensor in_integers(const Tensor& weight) {
  const Tensor integers = Tensor::empty({weight.size(0), weight.size(1) + row_scale_bytes},
                                        DType::int8, weight.device());
  ExecutionContext context{.device = weight.device()};
  quantize_rows(context, weight, integers);
  return integers;
}

}  // namespace

std::vector<StoredTensor> stored_parameters_of(Module& module, MatmulPrecision running) {
  const std::vector<NamedTensor> stored = stored_tensors_of(module);
  std::vector<StoredTensor> result;
  auto part = stored.begin();
  for (const NamedParameter& item : parameters_of(module)) {
    Tensor& tensor = item.parameter->value;
    StoredTensor& parameter = result.emplace_back(StoredTensor{.tensor = &tensor, .parts = {}});
    const bool operand = item.parameter->operand && tensor.dtype() == DType::float32;
    if (operand && running == MatmulPrecision::bfloat16) {
      parameter.round = round_to_bfloat16;
    } else if (operand && running == MatmulPrecision::int8 &&
               tensor.size(1) <= integer_depth_limit) {
      parameter.keep = in_integers;
    }
    for (; part != stored.end() && part->tensor.storage() == tensor.storage(); ++part) {
      parameter.parts.push_back({.name = part->name, .tensor = part->tensor});
    }
  }
  return result;
}

}  // namespace heed
