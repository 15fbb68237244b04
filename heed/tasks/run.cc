#include "heed/tasks/run.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <system_error>

#include "heed/base/config.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/base/number_text.h"
#include "heed/base/phase.h"
#include "heed/base/processors.h"
#include "heed/base/yaml.h"
#include "heed/formats/checkpoint_directory.h"
#include "heed/kernels/kernel.h"
#include "heed/tasks/recipe_document.h"
#include "heed/tasks/run_directory.h"
#include "heed/tasks/run_results.h"
#include "heed/training/budget.h"
#include "heed/version.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

// A run directory without a checkpoint is a place for any run: what was learned there before may
// come from another recipe or other data.
void prepare_directory(const fs::path& directory, bool resume) {
  const bool holds_run = !list_checkpoints(directory).empty();
  check_usage(resume || !holds_run,
              "{}: holds a run already; continue it with --resume or choose another --run",
              directory.string());
  remove_unfinished_files(directory);
  if (!holds_run) {
    remove_tree(directory / "tokenizer");
    remove_results(directory);
  }
}

// A run that heed of before wrote has a recipe without a task; it cannot go on.
void check_layout(const fs::path& directory) {
  const fs::path path = directory / "recipe.yaml";
  if (!path_exists(path)) {
    return;
  }
  const Json recipe = parse_yaml(read_file(path, 1u << 20), path.string());
  check_usage(recipe.is_object() && recipe.contains("task"),
              "{}: a run of an older layout, whose recipe names no task; its models can still be "
              "used, but to train on, start a new run (init_from: {})",
              path.string(), directory.string());
}

std::shared_ptr<const TaskData> prepare_data(const Recipe& recipe, const fs::path& directory,
                                             const RunOptions& options, Progress& progress) {
  if (options.shared != nullptr) {
    options.shared->keep_in(directory);
    return options.shared;
  }
  const Phase phase("reading the training data");
  return recipe.kind->prepare(recipe.document->value, {directory, progress});
}

RunIdentity identity_of(const Recipe& recipe, const TaskData& data) {
  Json document = recipe.document->value;
  document["data_content"] = data.content();
  Json defaults = Json::object();
  for (const ConfigKey& key : recipe.kind->keys()) {
    if (key.type != "section") {
      std::string pointer = "/" + key.key;
      std::replace(pointer.begin(), pointer.end(), '.', '/');
      defaults[Json::json_pointer(pointer)] = Json::parse(key.default_value);
    }
  }
  return {.recipe = document.dump(), .defaults = defaults.dump()};
}

std::unique_ptr<Task> make_task(const Recipe& recipe, std::shared_ptr<const TaskData> data) {
  const Phase phase("building the model");
  return recipe.kind->make(recipe.document->value, std::move(data));
}

// What the page says of a run besides what came of it.
std::vector<SummaryRow> facts_of(const Recipe& recipe, int threads) {
  return {{"Task", recipe.kind->name},
          {"Recipe", recipe.settings.title},
          {"Seed", std::to_string(recipe.settings.seed)},
          {"Precision", recipe.settings.precision},
          {"Threads", std::to_string(threads)},
          {"Version", "heed " HEED_VERSION}};
}

void tell_end(const TrainingOutcome& outcome, Progress& progress) {
  if (outcome.interrupted != 0) {
    progress.line(fmt::format("interrupted at step {}; continue with --resume", outcome.steps));
    return;
  }
  progress.line(fmt::format("{} after {}; peak memory {} MB", outcome.reason,
                            duration_text(outcome.seconds), memory_statistics().peak_bytes >> 20));
  if (outcome.skipped > 0) {
    progress.warning(fmt::format("{} of {} updates skipped: loss or gradient was not finite",
                                 count_text(outcome.skipped), count_text(outcome.steps)));
  }
}

// What a run is trained from.
struct Materials {
  Recipe recipe;
  fs::path directory;
  const RunOptions& options;
  Progress& progress;
  int threads = 1;
  std::shared_ptr<const TaskData> data;
  std::unique_ptr<Task> task;
};

TrainingSetup setup_of(const Materials& from) {
  const RunSettings& settings = from.recipe.settings;
  return {.task = from.task.get(),
          .training = settings.training,
          .optimizer = settings.optimizer,
          .schedule = settings.schedule,
          .batches = settings.batches,
          .precision = parse_precision(settings.precision),
          .seed = static_cast<std::uint64_t>(settings.seed),
          .directory = from.directory,
          .resume = from.options.resume,
          .identity = identity_of(from.recipe, *from.data),
          .title = settings.title,
          .facts = facts_of(from.recipe, from.threads),
          .recipe = write_yaml(from.recipe.document->value),
          .progress = &from.progress,
          .interrupted = from.options.interrupted};
}

// A recipe whose budget has become steps: one that gives the same run anywhere.
void decide_steps(Recipe& recipe, std::int64_t steps) {
  Json training = recipe.document->value.at("training");
  training["budget"] = "";
  training["max_steps"] = steps;
  set_recipe_key(recipe, "training", training);
}

// The steps that the run in `directory`, which has saved some, was given for its budget.
std::int64_t decided_steps(const fs::path& directory) {
  const fs::path path = directory / "recipe.yaml";
  const Recipe recipe = read_recipe(path, {});
  check_usage(recipe.settings.training.budget.empty() && recipe.settings.training.max_steps > 0,
              "{}: says no training.max_steps, so the run was begun without a training.budget",
              path.string());
  return recipe.settings.training.max_steps;
}

// Turns training.budget into steps: those of the run that is continued, or by measuring. What the
// run's clock has to begin with, or what interrupted the measuring.
struct Budgeted {
  double seconds_spent = 0;
  int interrupted = 0;
};
Budgeted spend_budget(Materials& materials) {
  const std::string budget = materials.recipe.settings.training.budget;
  if (budget.empty()) {
    return {};
  }
  if (materials.options.resume && !list_checkpoints(materials.directory).empty()) {
    decide_steps(materials.recipe, decided_steps(materials.directory));
    return {};
  }
  const BudgetPlan plan = plan_budget(setup_of(materials), seconds_of_budget(budget));
  if (plan.interrupted != 0) {
    return {.interrupted = plan.interrupted};
  }
  decide_steps(materials.recipe, plan.steps);
  materials.task.reset();  // before another takes as much memory
  materials.task = make_task(materials.recipe, materials.data);
  materials.progress.line(
      fmt::format("budget of {}: {} steps of {:.3g} s, after {:.3g} s of measuring", budget,
                  count_text(plan.steps), plan.costs.step, plan.seconds_spent));
  return {.seconds_spent = plan.seconds_spent};
}

TrainingOutcome train(const Recipe& recipe, const fs::path& directory, const RunOptions& options) {
  const RunSettings& settings = recipe.settings;
  const int threads = settings.threads > 0 ? settings.threads : usable_processor_count();
  set_thread_count(threads);
  Progress silent;
  Progress& progress = options.progress != nullptr ? *options.progress : silent;
  if (options.resume && list_checkpoints(directory).empty()) {
    progress.line(directory.string() + ": no checkpoint yet; the run begins anew");
  }
  Materials materials{.recipe = recipe,
                      .directory = directory,
                      .options = options,
                      .progress = progress,
                      .threads = threads,
                      .data = prepare_data(recipe, directory, options, progress),
                      .task = nullptr};
  materials.task = make_task(recipe, materials.data);
  progress.line(fmt::format("model: {} parameters; {} on {} thread{}",
                            count_text(count_parameters(materials.task->model())),
                            settings.precision, threads, threads == 1 ? "" : "s"));
  const Budgeted budgeted = spend_budget(materials);
  if (budgeted.interrupted != 0) {
    return {.interrupted = budgeted.interrupted, .reason = "interrupted"};
  }
  TrainingSetup setup = setup_of(materials);
  setup.seconds_before = budgeted.seconds_spent;
  Trainer trainer(std::move(setup));
  write_file_atomically(directory / "recipe.yaml", write_yaml(materials.recipe.document->value));
  const TrainingOutcome outcome = trainer.run();
  tell_end(outcome, progress);
  return outcome;
}

}  // namespace

TrainingOutcome train_recipe(const Recipe& recipe, const fs::path& directory,
                             const RunOptions& options) {
  if (options.resume) {
    check_is_begun(DirectoryContent::run, directory);
  }
  if (options.shared == nullptr) {
    const Phase phase("reading the training data");
    recipe.kind->check_data(recipe.document->value);
  }
  make_directory(directory);
  const DirectoryLock lock(directory);
  if (options.resume) {
    check_layout(directory);
  }
  prepare_directory(directory, options.resume);
  return train(recipe, directory, options);
}

void keep_test_result(const Recipe& recipe, const fs::path& directory,
                      const TrainingOutcome& trained, const TestResult& test, double seconds) {
  const std::time_t now = std::time(nullptr);
  std::error_code no_link;
  const fs::path target = fs::read_symlink(trained.best, no_link);
  const fs::path model = no_link ? trained.best.filename() : target;
  keep_results({.version = HEED_VERSION,
                .time = fmt::format("{:%FT%TZ}", fmt::gmtime(now)),
                .task = recipe.kind->name,
                .title = recipe.settings.title,
                .seed = recipe.settings.seed,
                .precision = recipe.settings.precision,
                .steps = trained.steps,
                .model = model.string(),
                .training_seconds = trained.seconds,
                .test_seconds = seconds,
                .test = test},
               directory);
}

std::optional<TestResult> test_recipe(const Recipe& recipe, const fs::path& directory,
                                      const TrainingOutcome& trained) {
  const Phase phase("testing the best model");
  const auto begin = std::chrono::steady_clock::now();
  const auto test = recipe.kind->test(recipe.document->value, trained.best, directory);
  if (test) {
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
    keep_test_result(recipe, directory, trained, *test, time.count());
  }
  return test;
}

RunOutcome run_recipe(const Recipe& recipe, const fs::path& directory, const RunOptions& options) {
  RunOutcome outcome{.training = train_recipe(recipe, directory, options)};
  if (outcome.training.interrupted == 0) {
    outcome.test = test_recipe(recipe, directory, outcome.training);
  }
  return outcome;
}

RunOutcome run_recipe(const fs::path& recipe, const std::vector<std::string>& overrides,
                      const fs::path& directory, const RunOptions& options) {
  return run_recipe(read_recipe(recipe, overrides), directory, options);
}

}  // namespace heed
