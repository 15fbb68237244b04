#include "heed/training/task.h"

#include "heed/base/error.h"

namespace heed {

Evaluation Task::validate(bool, ForwardContext) const {
  fail(ErrorKind::failure, "the task has no held-out data");
}

void check_validation_keys(const TrainingConfig& training, std::span<const TaskMeasure> measures,
                           bool validates) {
  const std::string& key = training.best_by;
  std::string known = "loss";
  const TaskMeasure* chosen = nullptr;
  for (const TaskMeasure& measure : measures) {
    known += ", " + measure.style.key;
    chosen = measure.style.key == key ? &measure : chosen;
  }
  check_usage(key == "loss" || chosen != nullptr, "training.best_by '{}': validation measures {}{}",
              key, known, validates ? "" : ", and here it has no data to measure on");
  check_usage(chosen == nullptr || !chosen->thorough || training.thorough_every == 1,
              "training.best_by {}: needs thorough_every 1, so that each validation measures it",
              key);
  check_usage(training.patience == 0 || validates,
              "training.patience: there is no held-out data to be patient about; name some, or set "
              "max_steps or max_epochs instead");
}

}  // namespace heed
