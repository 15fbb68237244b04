#include "heed/tasks/study_run.h"

#include <fmt/format.h>

#include <map>

#include "heed/autograd/gradient.h"
#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/out_of_resources.h"
#include "heed/base/phase.h"
#include "heed/base/processors.h"
#include "heed/base/yaml.h"
#include "heed/comparison/findings.h"
#include "heed/comparison/json.h"
#include "heed/comparison/markdown.h"
#include "heed/comparison/page.h"
#include "heed/comparison/summary.h"
#include "heed/comparison/text.h"
#include "heed/kernels/kernel.h"
#include "heed/tasks/run_directory.h"
#include "heed/tasks/run_measures.h"
#include "heed/tasks/run_results.h"
#include "heed/text/fingerprint.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

// Data that variants with the same settings of data and tokenizer share.
struct SharedData {
  fs::path directory;
  std::shared_ptr<const TaskData> data;
};

// A variant with all that it is trained and tested on.
struct Prepared {
  const StudyVariant* planned = nullptr;
  const SharedData* shared = nullptr;
  const TestPlan* tests = nullptr;
  std::int64_t parameters = 0;
};

// Names the settings and files that decide a tokenizer and the encoded corpora.
std::string data_name(const Recipe& recipe) {
  Fingerprint name;
  name.add(recipe.kind->data_identity(recipe.document->value).dump());
  return fmt::format("{:016x}", name.value());
}

// A step of training as the run will take it, without the optimizer: what the model refuses shows.
void take_one_step(Task& task, const RunSettings& settings) {
  require_gradients(task.model());
  const std::uint32_t first[] = {0};
  const std::unique_ptr<Batch> batch = task.training()->make(first, 0);
  ForwardContext context;
  context.training = true;
  context.precision = parse_precision(settings.precision);
  backward(task.loss(*batch, 1.0 / static_cast<double>(batch->predictions), context).value);
}

class StudyRun {
 public:
  StudyRun(const Study& study, fs::path directory, const RunOptions& options)
      : study_(study),
        directory_(std::move(directory)),
        options_(options),
        progress_(options.progress != nullptr ? *options.progress : silent_) {}

  StudyOutcome run() {
    check_usage(options_.resume || !path_exists(directory_ / "study.yaml"),
                "{}: holds a comparison already; continue it with --resume or choose another --run",
                directory_.string());
    remove_unfinished_files(directory_);
    prepare();
    write_file_atomically(directory_ / "study.yaml", study_document());
    // All variants with one seed, then with the next: what slows the machine down for a while
    // touches every variant alike.
    for (int i = 0; i < study_.compare.seeds; ++i) {
      for (std::size_t variant = 0; variant < prepared_.size(); ++variant) {
        if (const int interrupted = run_one(variant, i); interrupted != 0) {
          return {.interrupted = interrupted};
        }
      }
    }
    return {.text = write_results()};
  }

 private:
  std::string study_document() const {
    Json document = study_.document;
    document["compare"] = config_to_json(study_.compare);
    return write_yaml(document);
  }

  void prepare() {
    const Phase phase("reading the training data");
    for (const StudyVariant& planned : study_.variants) {
      const std::string name = data_name(planned.recipe);
      if (!shared_.contains(name)) {
        planned.recipe.kind->check_data(planned.recipe.document->value);
        SharedData& shared = shared_[name];
        shared.directory = directory_ / "data" / name;
        make_directory(shared.directory);
        remove_unfinished_files(shared.directory);
        shared.data = planned.recipe.kind->prepare(planned.recipe.document->value,
                                                   {shared.directory, progress_});
      }
      prepared_.push_back({.planned = &planned, .shared = &shared_.at(name)});
    }
    for (Prepared& prepared : prepared_) {
      try_out(prepared);
    }
    for (Prepared& prepared : prepared_) {
      const auto [place, added] = tests_.try_emplace(prepared.planned->variant.group);
      if (added) {
        const Recipe& recipe = prepared.planned->recipe;
        place->second = recipe.kind->plan_tests(recipe.document->value, study_.multiples,
                                                *prepared.shared->data, prepared.shared->directory);
      }
      prepared.tests = place->second.get();
    }
  }

  // Builds the model and takes it one step far: what it refuses shows now.
  static void try_out(Prepared& prepared) {
    const Phase phase("trying out a variant");
    const Recipe& recipe = prepared.planned->recipe;
    try {
      const std::unique_ptr<Task> task =
          recipe.kind->make(recipe.document->value, prepared.shared->data);
      prepared.parameters = count_parameters(task->model());
      take_one_step(*task, recipe.settings);
      recipe.kind->try_out(recipe.document->value, *prepared.shared->data, *task);
    } catch (const Error& error) {
      fail(is_refusal(error) ? ErrorKind::usage : error.kind(), "variant {}: {}",
           prepared.planned->variant.directory, error.what());
    }
  }

  Recipe recipe_of(const Prepared& prepared, int seed_index) const {
    Recipe recipe = prepared.planned->recipe;
    set_recipe_key(recipe, "seed", recipe.settings.seed + seed_index);
    set_recipe_key(recipe, "title",
                   fmt::format("{}: {}, seed {}", study_.base.settings.title,
                               prepared.planned->variant.directory, recipe.settings.seed));
    return recipe;
  }

  // What a run's measures depend on: not how fast they came, nor where the files lie.
  static Json identity_of(const Prepared& prepared, const Recipe& recipe) {
    Json identity = recipe.document->value;
    identity.erase("threads");
    identity.erase("title");
    identity["data"].erase("directory");
    identity["data_content"] = prepared.shared->data->content();
    identity["tests"] = prepared.tests->content();
    return identity;
  }

  int run_one(std::size_t index, int seed_index) {
    const Prepared& prepared = prepared_[index];
    const Variant& variant = prepared.planned->variant;
    const Recipe recipe = recipe_of(prepared, seed_index);
    const fs::path run =
        directory_ / variant.directory / fmt::format("seed-{}", recipe.settings.seed);
    const Json identity = identity_of(prepared, recipe);
    ++number_;
    if (auto result = read_measures(identity, run)) {
      results_[index].push_back(std::move(*result));
      return 0;
    }
    progress_.line(fmt::format("run {} of {}: {}, seed {}", number_,
                               prepared_.size() * static_cast<std::size_t>(study_.compare.seeds),
                               variant.directory, recipe.settings.seed));
    reset_peak_memory();
    const std::uint64_t before =
        memory_statistics().live_bytes;  // what earlier runs left in caches
    RunOptions options = options_;
    options.shared = prepared.shared->data;
    options.resume = options_.resume && is_begun(DirectoryContent::run, run);
    const TrainingOutcome trained = train_recipe(recipe, run, options);
    if (trained.interrupted != 0) {
      return trained.interrupted;
    }
    RunResult result{
        .seed = recipe.settings.seed,
        .steps = trained.steps,
        .seconds = trained.seconds,
        .peak_bytes = static_cast<std::int64_t>(memory_statistics().peak_bytes - before)};
    const Phase phase("testing the best model");
    TestedSets tested =
        prepared.tests->run(recipe.document->value, trained.best, prepared.shared->directory, run);
    if (tested.test) {
      keep_test_result(recipe, run, trained, *tested.test, tested.test_seconds);
    }
    result.sets = std::move(tested.sets);
    result.metrics = read_metrics(run / "metrics.jsonl");
    write_measures(result, identity, run);
    results_[index].push_back(std::move(result));
    return 0;
  }

  Comparison collect() {
    Comparison comparison{.title = study_.base.settings.title};
    std::map<std::string, std::size_t> groups;
    for (std::size_t i = 0; i < prepared_.size(); ++i) {
      const Variant& variant = prepared_[i].planned->variant;
      const auto [place, added] = groups.try_emplace(variant.group, comparison.groups.size());
      if (added) {
        comparison.groups.push_back(prepared_[i].tests->group());
        comparison.groups.back().label = variant.group;
      }
      comparison.groups[place->second].variants.push_back({.label = variant.label,
                                                           .directory = variant.directory,
                                                           .settings = variant.settings,
                                                           .parameters = prepared_[i].parameters,
                                                           .runs = std::move(results_[i])});
    }
    const auto seeds = static_cast<std::size_t>(study_.compare.seeds);
    comparison.subtitle =
        fmt::format("{} variants, {} seed{} each", prepared_.size(), seeds, seeds == 1 ? "" : "s");
    comparison.notes = notes();
    return comparison;
  }

  // "position.kind: none, rotary; heads: 2, 4"
  std::string compared_text() const {
    std::string text;
    for (const std::string& list : study_.compare.vary) {
      const std::size_t equals = list.find('=');
      text += (text.empty() ? "" : "; ") + list.substr(0, equals) + ": ";
      for (const char c : list.substr(equals + 1)) {
        text += c == ',' ? std::string(", ") : std::string(1, c);
      }
    }
    return text;
  }

  std::vector<std::string> notes() const {
    const RunSettings& settings = study_.base.settings;
    const auto seeds = static_cast<std::size_t>(study_.compare.seeds);
    const TestPlan& tests = *tests_.begin()->second;
    std::vector<std::string> notes = {
        fmt::format("Compared: {}. Everything else is the same.", compared_text()),
        fmt::format("Seeds {} to {}. For each seed, variants with the same data and tokenizer see "
                    "the same batches in the same order; the tokenizer is learned once.",
                    settings.seed, settings.seed + study_.compare.seeds - 1),
        fmt::format("Each run is tested with its best checkpoint by validation {}{}. Bands in "
                    "charts reach from the lowest to the highest seed.",
                    settings.training.best_by, decoding_text()),
        noise_rule(seeds, tests.group().measures.items)};
    for (std::string& note : tests.notes()) {
      notes.push_back(std::move(note));
    }
    notes.emplace_back(
        "Speed is the median over training, source and target tokens counted; memory is the peak "
        "of all tensors.");
    return notes;
  }

  // How text is decoded, where the task decodes.
  std::string decoding_text() const {
    const Json& document = study_.base.document->value;
    return document.contains("decoding")
               ? fmt::format(", decoded with beam {}", document["decoding"]["beam"].get<int>())
               : std::string();
  }

  std::string write_results() {
    const Phase phase("writing the comparison");
    const Comparison comparison = collect();
    const ComparisonSummary summary = summarise(comparison);
    write_file_atomically(directory_ / "comparison.json", comparison_json(comparison, summary));
    write_file_atomically(directory_ / "comparison.md", comparison_markdown(comparison, summary));
    write_file_atomically(directory_ / "comparison.html",
                          render_comparison(comparison_page(comparison, summary)));
    progress_.line(fmt::format("written: {}", (directory_ / "comparison.html").string()));
    return comparison_text(comparison, summary);
  }

  const Study& study_;
  const fs::path directory_;
  const RunOptions options_;
  Progress silent_;
  Progress& progress_;
  std::map<std::string, SharedData> shared_;
  std::map<std::string, std::unique_ptr<TestPlan>> tests_;  // by group
  std::vector<Prepared> prepared_;
  std::map<std::size_t, std::vector<RunResult>> results_;  // by variant
  std::size_t number_ = 0;
};

}  // namespace

StudyOutcome run_study(const Study& study, const fs::path& directory, const RunOptions& options) {
  const int threads =
      study.base.settings.threads > 0 ? study.base.settings.threads : usable_processor_count();
  set_thread_count(threads);
  if (options.resume) {
    check_is_begun(DirectoryContent::comparison, directory);
  }
  make_directory(directory);
  const DirectoryLock lock(directory);
  return StudyRun(study, directory, options).run();
}

}  // namespace heed
