// A task as recipes, runs and studies know it: what its recipe may say, and how data, models and
// tests are made of that. A task is one entry of task_kinds() (heed/tasks/task_kinds.h).
//
// Recipes pass through here as resolved documents (every key with its value); what they mean is
// known to the task alone, which reads them into a struct of its own.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "heed/base/config.h"
#include "heed/base/json_forward.h"
#include "heed/comparison/comparison.h"
#include "heed/tasks/run_result.h"
#include "heed/training/progress.h"
#include "heed/training/task.h"

namespace heed {

// Where a task puts what it makes of a recipe's data (data/, tokenizer/, cache/), and whom it
// tells.
struct TaskPlace {
  std::filesystem::path directory;  // exists, locked by the caller
  Progress& progress;
};

// The data of a recipe, ready to be trained on. Several runs may share it.
//
// Thread-safety: const members may be called from any thread.
class TaskData {
 public:
  virtual ~TaskData() = default;
  // Fingerprints of the files, by name: a run whose files changed is not resumed.
  virtual Json content() const = 0;
  // What a run keeps of data that were prepared elsewhere: its tokenizers, say.
  virtual void keep_in(const std::filesystem::path& run) const = 0;
};

// What a model was measured at by a plan.
struct TestedSets {
  std::vector<SetResult> sets;  // as in ComparisonGroup::sets
  // What TaskKind::test gives for the same model, and how long that took: nothing, if the recipe
  // names no test set, or the model refused some of it.
  std::optional<TestResult> test;
  double test_seconds = 0;
};

// What the variants of a study are tested on, and how.
class TestPlan {
 public:
  virtual ~TestPlan() = default;
  // How they are measured: a group without variants.
  virtual ComparisonGroup group() const = 0;
  // Changes with what is tested on.
  virtual Json content() const = 0;
  // What a reader of the page should know of it, a sentence or two each.
  virtual std::vector<std::string> notes() const = 0;
  // Tests a model directory. A part that the model refuses (a length that its positions do not
  // reach, say) is scored as if nothing had come out of it, and the refusal kept. Encoded sets are
  // kept in `directory`/cache, what came out in `run`/test.
  virtual TestedSets run(const Json& recipe, const std::filesystem::path& model,
                         const std::filesystem::path& directory,
                         const std::filesystem::path& run) const = 0;
};

struct TaskKind {
  std::string name;     // "language_modelling"
  std::string summary;  // one line for a list of tasks

  // Every key of its recipe, sections included (type "section"), in order.
  std::vector<ConfigKey> (*keys)() = nullptr;
  // The document with every key, and all checked that can be before data is read. Errors (usage)
  // name `source` and the key.
  Json (*resolve)(const Json& document, const std::string& source) = nullptr;
  // Reads the files that the recipe names, as far as it takes to see what is wrong with them.
  void (*check_data)(const Json& recipe) = nullptr;
  // Names the settings and files that decide the data: recipes with the same one share them.
  Json (*data_identity)(const Json& recipe) = nullptr;
  // Reads and encodes the data; tokenizers that lie in place already are taken as they are.
  std::shared_ptr<const TaskData> (*prepare)(const Json& recipe, const TaskPlace& place) = nullptr;
  // The task with its model, initialised by the seed or with the weights of init_from. Errors
  // (usage): what the model refuses, or another model in init_from.
  std::unique_ptr<Task> (*make)(const Json& recipe, std::shared_ptr<const TaskData> data) = nullptr;
  // Runs the model that `make` gave as far as it takes to see what it refuses: a step of training,
  // and what tests will ask of it.
  void (*try_out)(const Json& recipe, const TaskData& data, Task& task) = nullptr;
  // Measures a model directory on the recipe's test data; nothing when it names none.
  std::optional<TestResult> (*test)(const Json& recipe, const std::filesystem::path& model,
                                    const std::filesystem::path& run) = nullptr;
  // `multiples`: of the training length, ascending, to test at. Errors: usage when there is nothing
  // to test on, or a length is too large for the model.
  void (*check_multiples)(const Json& recipe, const std::vector<double>& multiples) = nullptr;
  std::unique_ptr<TestPlan> (*plan_tests)(const Json& recipe, const std::vector<double>& multiples,
                                          const TaskData& data,
                                          const std::filesystem::path& directory) = nullptr;
};

}  // namespace heed
