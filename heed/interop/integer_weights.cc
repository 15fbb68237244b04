#include "heed/interop/integer_weights.h"

#include "heed/kernels/matmul.h"
#include "heed/tensor/device.h"

namespace heed {

void keep_integers(Module& module, const TensorSource& file) {
  for (const NamedParameter& item : parameters_of(module)) {
    Tensor& weight = item.parameter->value;
    if (!item.parameter->operand || weight.dtype() != DType::float32 ||
        weight.size(1) > integer_depth_limit) {
      continue;
    }
    const Tensor integers = Tensor::empty({weight.size(0), weight.size(1) + row_scale_bytes},
                                          DType::int8, weight.device());
    ExecutionContext context = context_for(weight.device());
    quantize_rows(context, weight, integers);
    weight = integers;
    weight.renew_stamp();
  }
  for (const std::string& name : file.names()) {
    file.forget(name);
  }
}

}  // namespace heed
