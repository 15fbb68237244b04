// heed demo: learns to read dates, from nothing but itself, in about a minute.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <memory>

#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/interrupt.h"
#include "apps/heed/terminal_progress.h"
#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/data/date_corpus.h"
#include "heed/interop/load_model.h"
#include "heed/metrics/sequence_accuracy.h"
#include "heed/tasks/line_translator.h"
#include "heed/tasks/recipe_document.h"
#include "heed/tasks/run.h"
#include "heed/tasks/run_results.h"
#include "heed/tasks/translation_recipe.h"

namespace heed::app {

namespace {

namespace fs = std::filesystem;

struct DemoOptions {
  std::string run = "run-demo";
  std::int64_t seed = 1;
  int threads = 0;
};

// Small, and quick to learn this task.
TranslationRecipe demo_recipe(const DemoOptions& options, const fs::path& data) {
  TranslationRecipe recipe;
  recipe.title = "heed demo: dates in words to ISO 8601";
  recipe.seed = options.seed;
  recipe.threads = options.threads;
  recipe.data.directory = data.string();
  recipe.data.train.source = {"train.text"};
  recipe.data.train.target = {"train.iso"};
  recipe.data.validation.source = {"validation.text"};
  recipe.data.validation.target = {"validation.iso"};
  recipe.tokenizer.kind = "byte";
  recipe.model.d_model = 64;
  recipe.model.encoder_layers = 2;
  recipe.model.decoder_layers = 2;
  recipe.model.heads = 4;
  recipe.model.feed_forward_size = 256;
  recipe.model.norm = "pre";
  recipe.model.dropout = 0.0;
  recipe.model.max_length = 96;
  recipe.batches.batch_tokens = 3072;
  recipe.schedule.learning_rate = 0.004;
  recipe.schedule.kind = "linear";
  recipe.schedule.warmup_steps = 200;
  recipe.training.label_smoothing = 0.0;
  recipe.training.max_steps = 2000;
  recipe.training.validate_every = 500;
  recipe.training.log_every = 25;
  recipe.decoding.validation_beam = 1;
  recipe.decoding.beam = 1;
  recipe.decoding.max_length = 16;
  return recipe;
}

void write_corpus(const DateCorpus& corpus, const fs::path& directory) {
  make_directory(directory);
  write_parallel_text(corpus.train, directory / "train.text", directory / "train.iso");
  write_parallel_text(corpus.validation, directory / "validation.text",
                      directory / "validation.iso");
  write_parallel_text(corpus.test, directory / "test.text", directory / "test.iso");
}

void run_demo(const DemoOptions& options, int& exit_code) {
  const fs::path directory = options.run;
  const Recipe recipe =
      recipe_from_json(config_to_json(demo_recipe(options, directory / "data")), "demo");
  // A demo always starts anew; only what it wrote itself is removed.
  if (path_exists(directory)) {
    check_usage(path_exists(directory / "data" / "train.iso"),
                "{}: exists and is no demo's; choose another --run", directory.string());
    remove_tree(directory);
  }
  const DateCorpus corpus = make_date_corpus(static_cast<std::uint64_t>(options.seed));
  write_corpus(corpus, directory / "data");
  std::fprintf(stderr, "%zu dates in words, English, German and Chinese, in %s\n",
               corpus.train.size(), (directory / "data").c_str());
  TerminalProgress progress;
  InterruptScope interrupts;
  const TrainingOutcome run =
      train_recipe(recipe, directory,
                   {.progress = &progress, .interrupted = [&] { return interrupts.pending(); }});
  if (run.interrupted != 0) {
    exit_code = 128 + run.interrupted;
    return;
  }

  std::vector<std::string> sources, references;
  for (const TextPair& pair : corpus.test) {
    sources.push_back(pair.source);
    references.push_back(pair.target);
  }
  const LoadedModel best = load_model(run.best);
  const auto begin = std::chrono::steady_clock::now();
  const auto translations = LineTranslator({best.generator(), best.tokenizers, best.symbols},
                                           demo_recipe(options, directory).decoding, {})
                                .best_of(sources);
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
  const TestMeasure exact =
      measure_of(Share::exact_match(), sequence_statistics(translations, references));
  const std::string line = fmt::format("exact match: {:.1f} %", exact.value);
  const TestResult test{
      .line = line,
      .measures = {exact},
      .examples = static_cast<std::int64_t>(sources.size()),
      .decoding = config_to_json(demo_recipe(options, directory).decoding).dump()};
  keep_test_result(recipe, directory, run, test, time.count());
  write_output("\nDates that never occurred in training:\n");
  for (std::size_t i = 0; i < 6; ++i) {
    write_output(fmt::format("  {}  ←  {}\n", translations[i], sources[i]));
  }
  write_output(
      fmt::format("\nLook at {} (curves, and which letters each digit attends to),\n"
                  "or translate: echo \"the 3rd of March, 2021\" | heed translate --model {}\n\n"
                  "tested on {} strings\n{}\n",
                  (directory / "report.html").string(), directory.string(), sources.size(), line));
}

}  // namespace

void add_demo_command(CLI::App& application, int& exit_code) {
  CLI::App* command = application.add_subcommand(
      "demo",
      "Learn to read dates in about a minute, without any data\n\n"
      "Writes a corpus of dates as people write them in English, German and Chinese with their ISO "
      "8601 form, trains a small Transformer on it, and measures exact match on dates that never "
      "occurred in training.");
  command->footer(
      "Examples:\n"
      "  heed demo\n"
      "  heed demo --run /tmp/dates --seed 7");
  const auto options = std::make_shared<DemoOptions>();
  command->add_option("--run", options->run, "Where to put corpus, model and report")
      ->type_name("DIR")
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Of the corpus and the training")
      ->check(seed_range<std::int64_t>())
      ->capture_default_str();
  command->add_option("--threads", options->threads, "Threads (default: one for each core)")
      ->check(CLI::Range(1, 1024));
  command->callback([options, &exit_code] { run_demo(*options, exit_code); });
}

}  // namespace heed::app
