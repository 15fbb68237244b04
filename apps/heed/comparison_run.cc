#include "apps/heed/comparison_run.h"

#include <unistd.h>

#include <map>
#include <set>

#include "apps/heed/common.h"
#include "apps/heed/run_directory.h"
#include "apps/heed/run_measures.h"
#include "apps/heed/test_sets.h"
#include "apps/heed/training_run.h"
#include "heed/autograd/gradient.h"
#include "heed/base/files.h"
#include "heed/base/number_text.h"
#include "heed/comparison/findings.h"
#include "heed/comparison/json.h"
#include "heed/comparison/markdown.h"
#include "heed/comparison/page.h"
#include "heed/comparison/text.h"
#include "heed/kernels/kernel.h"
#include "heed/text/fingerprint.h"
#include "heed/training/progress.h"
#include "heed/training/validation.h"

namespace heed::app {

namespace {

namespace fs = std::filesystem;

// Data that variants with the same settings of data and tokenizer share.
struct SharedData {
  fs::path directory;
  TrainingData data;
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
  Json key = {{"tokenizer", config_to_json(recipe.tokenizer)},
              {"data", config_to_json(recipe.data)},
              {"longest", effective_length(recipe).longest},
              {"init_from", recipe.init_from},
              {"seed", recipe.seed}};
  if (learns_text(recipe)) {
    const TextParts parts = text_of(recipe);
    for (const std::string* text : {&parts.train, &parts.validation}) {
      Fingerprint fingerprint;
      fingerprint.add(*text);
      key["content"].push_back(fingerprint.value());
    }
  } else if (recipe.data.task.kind.empty()) {
    const CorpusPlaces places = corpora_of(recipe, {});
    for (const CorpusFiles& files : {places.train, places.validation}) {
      key["content"].push_back(has_files(files) ? ParallelCorpus(files).fingerprint() : 0);
    }
  }
  Fingerprint name;
  name.add(key.dump());
  return fmt::format("{:016x}", name.value());
}

class ComparisonRun {
 public:
  ComparisonRun(const Study& study, fs::path directory, bool resume)
      : study_(study),
        directory_(std::move(directory)),
        resume_(resume),
        progress_(is_terminal(STDERR_FILENO), use_colour(STDERR_FILENO)) {}

  int run() {
    check_usage(resume_ || !fs::exists(directory_ / "study.yaml"),
                "{}: holds a comparison already; continue it with --resume or choose another --run",
                directory_.string());
    remove_unfinished_files(directory_);
    prepare();
    write_file_atomically(directory_ / "study.yaml", study_document());
    // All variants with one seed, then with the next: what slows the machine down for a while
    // touches every variant alike.
    for (int i = 0; i < study_.compare.seeds; ++i) {
      for (std::size_t variant = 0; variant < prepared_.size(); ++variant) {
        if (const int signal = run_one(variant, i); signal != 0) {
          return signal;
        }
      }
    }
    write_results();
    return 0;
  }

 private:
  std::string study_document() const {
    Json document = study_.document;
    document["compare"] = config_to_json(study_.compare);
    return write_yaml(document);
  }

  void prepare() {
    for (const StudyVariant& planned : study_.variants) {
      const std::string name = data_name(planned.recipe);
      if (!shared_.contains(name)) {
        SharedData& shared = shared_[name];
        shared.directory = directory_ / "data" / name;
        make_directory(shared.directory);
        remove_unfinished_files(shared.directory);
        shared.data = prepare_training_data(planned.recipe, shared.directory, progress_);
      }
      prepared_.push_back({.planned = &planned, .shared = &shared_.at(name)});
    }
    for (Prepared& prepared : prepared_) {
      try_out(prepared);
    }
    for (Prepared& prepared : prepared_) {
      const auto [place, added] = tests_.try_emplace(prepared.planned->variant.group);
      if (added) {
        place->second = plan_tests(prepared.planned->recipe, study_.multiples,
                                   prepared.shared->data, prepared.shared->directory);
      }
      prepared.tests = &place->second;
    }
  }

  // Builds the model, and takes it one step and, to translate, two tokens far: what it refuses
  // shows now.
  void try_out(Prepared& prepared) const {
    const Recipe& recipe = prepared.planned->recipe;
    const TrainingData& data = prepared.shared->data;
    try {
      const auto [model, symbols, files] = make_model(recipe, data.tokenizers);
      require_gradients(*model);
      prepared.parameters = count_parameters(*model);
      const std::uint32_t first[] = {0};
      const GeneratorExamples examples = examples_of(make_batch(*data.train, first, symbols));
      ForwardContext context;
      context.training = true;
      context.precision = parse_precision(recipe.precision);
      ops::CrossEntropyOptions options;
      options.precision = context.precision;
      backward(generator_loss(*model, examples.prompts, examples.outputs, options, context).loss);
      if (!learns_text(recipe)) {
        DecodingConfig decoding = recipe.decoding;
        decoding.max_length = 2;
        std::vector<int> source(data.train->source(0).begin(), data.train->source(0).end());
        source.push_back(symbols.source_end);
        decode(*model, {{source}}, symbols, decoding, {.precision = context.precision});
      }
    } catch (const Error& error) {
      fail(error.kind() == ErrorKind::failure ? ErrorKind::usage : error.kind(), "variant {}: {}",
           prepared.planned->variant.directory, error.what());
    }
  }

  Recipe recipe_of(const Prepared& prepared, int seed_index) const {
    Recipe recipe = prepared.planned->recipe;
    recipe.seed += seed_index;
    recipe.title = fmt::format("{}: {}, seed {}", study_.base.title,
                               prepared.planned->variant.directory, recipe.seed);
    return recipe;
  }

  // What a run's measures depend on: not how fast they came, nor where the files lie.
  static Json identity_of(const Prepared& prepared, const Recipe& recipe) {
    Json identity = config_to_json(recipe);
    identity.erase("threads");
    identity.erase("title");
    identity["data"].erase("directory");
    identity["data_content"] = prepared.shared->data.content;
    identity["tests"] = content_of(*prepared.tests);
    return identity;
  }

  int run_one(std::size_t index, int seed_index) {
    const Prepared& prepared = prepared_[index];
    const Variant& variant = prepared.planned->variant;
    const Recipe recipe = recipe_of(prepared, seed_index);
    const fs::path run = directory_ / variant.directory / fmt::format("seed-{}", recipe.seed);
    const Json identity = identity_of(prepared, recipe);
    ++number_;
    if (auto result = read_measures(identity, run)) {
      results_[index].push_back(std::move(*result));
      return 0;
    }
    progress_.line(fmt::format("run {} of {}: {}, seed {}", number_,
                               prepared_.size() * static_cast<std::size_t>(study_.compare.seeds),
                               variant.directory, recipe.seed));
    reset_peak_memory();
    const std::uint64_t before =
        memory_statistics().live_bytes;  // what earlier runs left in caches
    const TrainingRun trained = run_training(recipe, run, resume_, &prepared.shared->data);
    if (trained.outcome.interrupted != 0) {
      return trained.outcome.interrupted;
    }
    RunResult result{
        .seed = recipe.seed,
        .steps = trained.outcome.steps,
        .seconds = trained.outcome.seconds,
        .peak_bytes = static_cast<std::int64_t>(memory_statistics().peak_bytes - before)};
    result.sets = run_tests(*prepared.tests, recipe, trained.best, prepared.shared->directory, run);
    result.metrics = read_metrics(run / "metrics.jsonl");
    write_measures(result, identity, run);
    results_[index].push_back(std::move(result));
    return 0;
  }

  Comparison collect() {
    Comparison comparison{.title = study_.base.title};
    std::map<std::string, std::size_t> groups;
    for (std::size_t i = 0; i < prepared_.size(); ++i) {
      const Variant& variant = prepared_[i].planned->variant;
      const TestPlan& tests = *prepared_[i].tests;
      const auto [place, added] = groups.try_emplace(variant.group, comparison.groups.size());
      if (added) {
        comparison.groups.push_back({.label = variant.group,
                                     .measures = tests.measures,
                                     .sentences = tests.sets[0].size(),
                                     .training_length = tests.training_length,
                                     .length_unit = tests.length_unit,
                                     .buckets = tests.buckets});
        for (const TestSet& set : tests.sets) {
          comparison.groups.back().sets.push_back(set.name);
        }
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
    const Recipe& recipe = study_.base;
    std::vector<std::string> notes = {
        fmt::format("Compared: {}. Everything else is the same.", compared_text()),
        fmt::format("Seeds {} to {}. For each seed, variants with the same data and tokenizer see "
                    "the same batches in the same order; the tokenizer is learned once.",
                    recipe.seed, recipe.seed + study_.compare.seeds - 1),
        fmt::format("Each run is tested with its best checkpoint by validation {}{}. Bands in "
                    "charts reach from the lowest to the highest seed.",
                    recipe.training.best_by,
                    learns_text(recipe)
                        ? std::string()
                        : fmt::format(", decoded with beam {}", recipe.decoding.beam)),
        noise_rule(static_cast<std::size_t>(study_.compare.seeds),
                   tests_.begin()->second.measures.items)};
    const ToyTaskConfig& task = recipe.data.task;
    if (!task.kind.empty()) {
      notes.push_back(fmt::format(
          "Task: sequences of {} to {} symbols out of {}, {} to learn from. A token counts as "
          "right "
          "at its place; what is missing or too much counts as wrong. Test sets by length have {} "
          "sequences each.",
          task.minimum_length, task.maximum_length, count_text(task.symbols),
          count_text(task.train_pairs), count_text(task.test_pairs)));
    }
    if (learns_text(recipe)) {
      const std::int64_t tokens = tests_.begin()->second.sets[0].windows->target_token_count() -
                                  tests_.begin()->second.sets[0].windows->size();
      notes.push_back(fmt::format(
          "Bits per character: the average of −log2 p over the characters of the test text, each "
          "given those before it in its window, the first given the one before the window. Lower "
          "is better. Windows of all lengths are cut from the same {} tokens, so that each length "
          "predicts the same text.",
          count_text(tokens)));
    }
    notes.emplace_back(
        "Speed is the median over training, source and target tokens counted; memory is the peak "
        "of "
        "all tensors.");
    return notes;
  }

  void write_results() {
    const Comparison comparison = collect();
    const ComparisonSummary summary = summarise(comparison);
    write_file_atomically(directory_ / "comparison.json", comparison_json(comparison, summary));
    write_file_atomically(directory_ / "comparison.md", comparison_markdown(comparison, summary));
    write_file_atomically(directory_ / "comparison.html",
                          render_comparison(comparison_page(comparison, summary)));
    write_output(comparison_text(comparison, summary));
    flush_output();
    progress_.line(fmt::format("written: {}", (directory_ / "comparison.html").string()));
  }

  const Study& study_;
  const fs::path directory_;
  const bool resume_;
  Progress progress_;
  std::map<std::string, SharedData> shared_;
  std::map<std::string, TestPlan> tests_;  // by group
  std::vector<Prepared> prepared_;
  std::map<std::size_t, std::vector<RunResult>> results_;  // by variant
  std::size_t number_ = 0;
};

}  // namespace

int run_comparison(const Study& study, const fs::path& directory, bool resume) {
  const int threads = study.base.threads > 0 ? study.base.threads : usable_processor_count();
  set_thread_count(threads);
  make_directory(directory);
  const DirectoryLock lock(directory);
  return ComparisonRun(study, directory, resume).run();
}

}  // namespace heed::app
