#include "heed/nn/generator.h"

namespace heed {

Tensor logits_of(const Generator& model, const Tensor& states, const ForwardContext& context) {
  return ops::project(states, model.projection(), context.precision);
}

}  // namespace heed
