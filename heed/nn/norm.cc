#include "heed/nn/norm.h"

#include "heed/base/error.h"
#include "heed/ops/normalization.h"

namespace heed {

namespace {

Parameter filled(std::int64_t size, Initial initial, Device device) {
  Parameter parameter({size}, initial, false, device);
  parameter.value.fill(initial == Initial::ones ? 1 : 0);
  return parameter;
}

}  // namespace

Norm::Norm(const NormConfig& config, std::int64_t size, Device device)
    : config_(config), gain_(filled(size, Initial::ones, device)) {
  check_usage(config.kind == "layer" || config.kind == "rms",
              "norm_kind '{}': expected layer or rms", config.kind);
  if (config.kind == "layer") {
    bias_ = filled(size, Initial::zeros, device);
  }
}

Tensor Norm::forward(const Tensor& x) const {
  const auto epsilon = static_cast<float>(config_.epsilon);
  return bias_.defined() ? ops::layer_norm(x, gain_.value, bias_.value, epsilon)
                         : ops::rms_norm(x, gain_.value, epsilon);
}

Tensor Norm::forward_residual(const Tensor& x, const Tensor& branch,
                              const DropoutStream& stream) const {
  if (!bias_.defined()) {
    return forward(ops::residual_add(x, branch, stream));
  }
  return ops::residual_layer_norm(x, branch, gain_.value, bias_.value,
                                  static_cast<float>(config_.epsilon), stream);
}

void Norm::visit(ParameterVisitor& visitor) {
  if (config_.gain) {
    visitor.parameter("weight", gain_);
  }
  if (config_.bias) {
    visitor.parameter("bias", bias_);
  }
}

}  // namespace heed
