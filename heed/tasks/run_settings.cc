#include "heed/tasks/run_settings.h"

#include <limits>

#include "heed/base/error.h"

namespace heed {

void check_run_settings(const RunSettings& settings, const std::string& source) {
  check_usage(settings.seed >= 0, "{}: seed: must not be negative, got {}", source, settings.seed);
  check_usage(settings.threads >= 0 && settings.threads <= 1024,
              "{}: threads: must be in 0 … 1024, got {}", source, settings.threads);
  check_usage(settings.precision == "float32" || settings.precision == "bf16",
              "precision '{}': expected float32 or bf16; int8 is for running a trained model",
              settings.precision);
  check_batch_config(settings.batches);
  check_optimizer_config(settings.optimizer);
  check_training_config(settings.training);
  // A budget gives as many steps as fit.
  const bool open = !settings.training.budget.empty();
  Schedule(settings.schedule,
           open ? std::numeric_limits<std::int64_t>::max() : settings.training.max_steps);
}

}  // namespace heed
