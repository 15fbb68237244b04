#include "heed/nn/generator.h"

#include "heed/ops/linear.h"

namespace heed {

Tensor logits_of(const Generator& model, const Tensor& states, const ForwardContext& context) {
  const Projection projection = model.projection();
  return ops::linear(states, projection.weight, projection.bias, context.precision);
}

}  // namespace heed
