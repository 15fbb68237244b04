// One run from recipe to measured result.
//
//   const RunOutcome outcome = run_recipe("recipe.yaml", {"seed=2"}, "runs/a");
//   // outcome.training.best is a model directory; outcome.test->line is what it was measured at
//
// What a run keeps in its directory is told in heed/training/trainer.h; besides: recipe.yaml
// (resolved), tokenizer/, cache/, data/ for what is made up, and results.json once it was tested.
//
// Thread-safety: one run at a time in a process, since it sets the number of threads.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "heed/tasks/recipe.h"
#include "heed/tasks/run_result.h"
#include "heed/training/trainer.h"

namespace heed {

class TaskData;  // heed/tasks/task_kind.h

struct RunOptions {
  bool resume = false;
  Progress* progress = nullptr;            // null: nobody listens
  std::function<int()> interrupted;        // see TrainingSetup
  std::shared_ptr<const TaskData> shared;  // data that were prepared for several runs
};

struct RunOutcome {
  TrainingOutcome training;
  std::optional<TestResult> test;  // nothing: interrupted, or no test data
};

// Trains into `directory`, created if missing, locked while the run goes on. Errors: usage (a
// directory that holds a run and no resume, or none and a resume; what the model refuses; a resume
// whose recipe or data changed), and those of data, training and files.
TrainingOutcome train_recipe(const Recipe& recipe, const std::filesystem::path& directory,
                             const RunOptions& options = {});

// Measures the best weights of a run on the recipe's test data; nothing when it names none. The
// result is kept in the run's `directory`: in results.json, on the page, for TensorBoard. Errors:
// those of data, models and files.
std::optional<TestResult> test_recipe(const Recipe& recipe, const std::filesystem::path& directory,
                                      const TrainingOutcome& trained);

// Trains, and then tests the best weights.
RunOutcome run_recipe(const Recipe& recipe, const std::filesystem::path& directory,
                      const RunOptions& options = {});
// The same from a recipe file; errors also those of read_recipe.
RunOutcome run_recipe(const std::filesystem::path& recipe,
                      const std::vector<std::string>& overrides,
                      const std::filesystem::path& directory, const RunOptions& options = {});

}  // namespace heed
