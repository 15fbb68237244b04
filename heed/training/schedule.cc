#include "heed/training/schedule.h"
#include "heed/base/error.h"
#include "heed/base/json.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "heed/base/error.h"

namespace heed {

Schedule::Schedule(const ScheduleConfig& config, std::int64_t total_steps)
    : config_(config), total_steps_(total_steps) {
  const std::string& kind = config.kind;
  check_usage(kind == "constant" || kind == "plateau" || kind == "inverse-sqrt" ||
                  kind == "cosine" || kind == "linear",
              "schedule.kind '{}': expected constant, plateau, inverse-sqrt, cosine or linear",
              kind);
  check_usage(config.learning_rate > 0 && std::isfinite(config.learning_rate),
              "schedule.learning_rate: must be positive, got {}", config.learning_rate);
  check_usage(config.warmup_steps >= 0, "schedule.warmup_steps: must not be negative, got {}",
              config.warmup_steps);
  check_usage(config.minimum_rate >= 0 && config.minimum_rate <= config.learning_rate,
              "schedule.minimum_rate: must be in [0, learning_rate], got {}", config.minimum_rate);
  check_usage(config.factor > 0 && config.factor <= 1, "schedule.factor: must be in (0, 1], got {}",
              config.factor);
  check_usage(config.patience >= 1, "schedule.patience: must be at least 1, got {}",
              config.patience);
  check_usage((kind != "cosine" && kind != "linear") || total_steps > config.warmup_steps,
              "schedule.kind {}: needs training.max_steps beyond the warm-up of {} steps", kind,
              config.warmup_steps);
}

double Schedule::rate(std::int64_t step) const {
  const double peak = config_.learning_rate;
  if (step < config_.warmup_steps) {
    return peak * static_cast<double>(step) / config_.warmup_steps;
  }
  const double warmup = std::max(config_.warmup_steps, 1);
  const double progress =
      std::clamp((static_cast<double>(step) - config_.warmup_steps) /
                     std::max(1.0, static_cast<double>(total_steps_ - config_.warmup_steps)),
                 0.0, 1.0);
  const double span = peak - config_.minimum_rate;
  double rate = peak;
  if (config_.kind == "inverse-sqrt") {
    rate = peak * std::sqrt(warmup / std::max(static_cast<double>(step), warmup));
  } else if (config_.kind == "cosine") {
    rate = config_.minimum_rate + span * 0.5 * (1 + std::cos(std::numbers::pi * progress));
  } else if (config_.kind == "linear") {
    rate = config_.minimum_rate + span * (1 - progress);
  } else if (config_.kind == "plateau") {
    rate = peak * state_.scale;
  }
  return std::max(rate, config_.minimum_rate);
}

void Schedule::observe(double validation_loss) {
  if (config_.kind != "plateau") {
    return;
  }
  // What is no number is no improvement, and nothing to compare the next ones with.
  if (std::isfinite(validation_loss) &&
      (!state_.best_loss || validation_loss < *state_.best_loss)) {
    state_.best_loss = validation_loss;
    state_.waited = 0;
  } else if (++state_.waited >= config_.patience) {
    state_.scale *= config_.factor;
    state_.waited = 0;
  }
}

}  // namespace heed
