#include "heed/models/output_config.h"

#include <cmath>

namespace heed {

void check_output_config(const OutputConfig& config) {
  check_usage(std::isfinite(config.logit_scale) && config.logit_scale > 0,
              "model.logit_scale: must be positive, got {}", config.logit_scale);
  check_usage(std::isfinite(config.logit_soft_cap) && config.logit_soft_cap >= 0,
              "model.logit_soft_cap: must be positive, or 0 for none, got {}",
              config.logit_soft_cap);
}

Parameter output_bias(const OutputConfig& config, const Shape& shape, Device device) {
  return config.output_bias ? Parameter(shape, Initial::zeros, false, device) : Parameter();
}

Projection projection_of(const OutputConfig& config, const Parameter& weight,
                         const Parameter& bias) {
  return {.weight = weight.value,
          .bias = bias.value,
          .scale = static_cast<float>(config.logit_scale),
          .soft_cap = static_cast<float>(config.logit_soft_cap)};
}

}  // namespace heed
