// A time for training instead of a number of steps: training.budget.
//
//   const BudgetPlan plan = plan_budget(setup, seconds_of_budget("20m"));  // spends setup.task
//   setup.task = …;                                                       // made anew
//   setup.training.budget.clear();
//   setup.training.max_steps = plan.steps;
//   setup.seconds_before = plan.seconds_spent;
//   Trainer(setup).run();
//
// Thread-safety: one thread at a time.
#pragma once

#include <cstdint>
#include <string>

#include "heed/training/trainer.h"

namespace heed {

// "90s", "20m", "1.5h" or "1h30m" → seconds. Errors (usage) name training.budget.
double seconds_of_budget(const std::string& text);

// What the parts of a run cost, in seconds, and how often they come.
struct RunCosts {
  double step = 0;
  double validation = 0;  // without what a thorough one measures as well
  double thorough_validation = 0;
  double checkpoint = 0;
  std::int64_t validate_every = 0;  // steps; 0: never
  std::int64_t thorough_every = 0;  // validations; 0: never
  std::int64_t save_every = 0;      // steps; 0: with each validation, and at the end

  // Of a run of so many steps, with the validation and the checkpoint at its end.
  double of(std::int64_t steps) const;
};

// The most steps whose run takes no longer than `seconds`; at least 1.
std::int64_t steps_within(const RunCosts& costs, double seconds);

struct BudgetPlan {
  std::int64_t steps = 0;    // that fit into the budget beside what was spent on measuring
  double seconds_spent = 0;  // on measuring
  int interrupted = 0;       // by TrainingSetup::interrupted before it was done, or 0
  RunCosts costs;
};

// Measures the first steps of the run in `setup` (some to warm up, then for a fiftieth of the
// budget, or two seconds), a checkpoint and a validation, in a hidden folder of its directory that
// is gone afterwards. The task has learned then: the run needs one that is made anew. Errors: those
// of Trainer; usage, when the schedule's warm-up is longer than what fits.
BudgetPlan plan_budget(const TrainingSetup& setup, double seconds);

}  // namespace heed
