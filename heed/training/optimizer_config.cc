#include "heed/training/optimizer_config.h"

#include <cmath>

#include "heed/base/error.h"
#include "heed/training/optimizer_kinds.h"

namespace heed {

void check_optimizer_config(const OptimizerConfig& config) {
  optimizer_kind(config.kind);
  const auto fraction = [](const char* key, double value) {
    check_usage(value >= 0 && value < 1, "optimizer.{}: must be in [0, 1), got {}", key, value);
  };
  fraction("beta1", config.beta1);
  fraction("beta2", config.beta2);
  fraction("momentum", config.momentum);
  fraction("average_decay", config.average_decay);
  const auto not_negative = [](const char* key, double value) {
    check_usage(value >= 0 && std::isfinite(value), "optimizer.{}: must not be negative, got {}",
                key, value);
  };
  check_usage(config.epsilon > 0, "optimizer.epsilon: must be positive, got {}", config.epsilon);
  not_negative("weight_decay", config.weight_decay);
  not_negative("clip_norm", config.clip_norm);
  check_usage(config.matrix_rate > 0 && std::isfinite(config.matrix_rate),
              "optimizer.matrix_rate: must be positive, got {}", config.matrix_rate);
  check_usage(
      config.matrix_decay == -1 || (config.matrix_decay >= 0 && std::isfinite(config.matrix_decay)),
      "optimizer.matrix_decay: must not be negative, or -1 for weight_decay, got {}",
      config.matrix_decay);
}

}  // namespace heed
