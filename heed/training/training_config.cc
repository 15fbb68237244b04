#include "heed/training/training_config.h"

#include "heed/base/error.h"
#include "heed/training/budget.h"

namespace heed {

void check_training_config(const TrainingConfig& config) {
  const auto at_least = [](const char* key, std::int64_t value, std::int64_t least) {
    check_usage(value >= least, "training.{}: must be at least {}, got {}", key, least, value);
  };
  at_least("max_steps", config.max_steps, 0);
  at_least("max_epochs", config.max_epochs, 0);
  if (!config.budget.empty()) {
    seconds_of_budget(config.budget);
    check_usage(config.max_steps == 0,
                "training.budget: not together with training.max_steps, which it decides");
  }
  check_usage(
      config.max_steps > 0 || config.max_epochs > 0 || config.patience > 0 ||
          !config.budget.empty(),
      "training: set max_steps, budget, max_epochs or patience, or the run would never end");
  at_least("accumulate", config.accumulate, 1);
  check_usage(config.label_smoothing >= 0 && config.label_smoothing < 1,
              "training.label_smoothing: must be in [0, 1), got {}", config.label_smoothing);
  at_least("validate_every", config.validate_every, 0);
  at_least("thorough_every", config.thorough_every, 0);
  at_least("save_every", config.save_every, 0);
  at_least("keep_last", config.keep_last, 1);
  at_least("average_last", config.average_last, 0);
  at_least("patience", config.patience, 0);
  check_usage(config.non_finite == "stop" || config.non_finite == "skip",
              "training.non_finite '{}': expected stop or skip", config.non_finite);
  at_least("log_every", config.log_every, 1);
  at_least("report_samples", config.report_samples, 0);
}

}  // namespace heed
