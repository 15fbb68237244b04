// heed train: from raw text to a measured result: BLEU, accuracy, or bits per character.
#include <csignal>
#include <memory>

#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/text_tests.h"
#include "apps/heed/training_run.h"
#include "heed/metrics/bits_per_character.h"
#include "heed/metrics/bleu.h"
#include "heed/metrics/sequence_accuracy.h"

namespace heed::app {

namespace {

struct TrainOptions {
  std::string recipe;
  std::vector<std::string> overrides;
  std::string run;
  bool resume = false;
  int threads = 0;
  std::int64_t seed = -1;
  std::string precision;
  std::string init_from;
};

// Decodes the test set with the best model and prints its BLEU, or of a task its accuracy.
void measure_test(const Recipe& recipe, const ParallelCorpus& test, const TrainingRun& run) {
  std::vector<std::string> sources;
  std::vector<std::vector<std::string>> references(1);
  test.for_each([&](const SentencePair& pair) {
    sources.emplace_back(pair.source);
    references[0].emplace_back(pair.target);
  });
  const auto translations =
      decode_lines(*run.best.model, run.best.tokenizers, run.best.symbols, sources, recipe.decoding,
                   {.precision = parse_precision(recipe.precision)});
  if (recipe.data.task.kind.empty()) {
    const Bleu bleu;
    write_output(bleu.line(bleu.statistics(translations, references), 1) + "\n");
  } else {
    const auto total = sequence_statistics(translations, references[0]).total();
    write_output(fmt::format("exact match: {:.1f} %, tokens: {:.1f} %\n",
                             Share::exact_match().score_of(total),
                             Share::token_accuracy().score_of(total)));
  }
}

// Prints the bits per character of the test text, in windows as long as those trained on.
void measure_text(const Recipe& recipe, const std::filesystem::path& directory,
                  const TrainingRun& run) {
  const std::string text = text_of(recipe).test;
  if (text.empty()) {
    return;
  }
  const auto windows = open_text_windows(directory / "cache" / "test.tokens", text,
                                         *run.best.tokenizers.target, recipe.data.text.window);
  const SetResult result = score_windows(*windows, recipe, run.best);
  check(result.loss.has_value(), "{}", result.refusal);
  write_output(fmt::format("bits per character: {:.3f}, loss: {:.4f}\n",
                           BitsPerCharacter().score_of(result.statistics.total()), *result.loss));
}

void run_train(const TrainOptions& options, int& exit_code) {
  std::vector<std::string> overrides = options.overrides;
  if (options.threads > 0) {
    overrides.push_back(fmt::format("threads={}", options.threads));
  }
  if (options.seed >= 0) {
    overrides.push_back(fmt::format("seed={}", options.seed));
  }
  if (!options.precision.empty()) {
    overrides.push_back("precision=" + options.precision);
  }
  Recipe recipe = read_recipe(options.recipe, overrides);
  if (!options.init_from.empty()) {
    recipe.init_from = options.init_from;
  }
  const std::filesystem::path directory =
      options.run.empty()
          ? std::filesystem::path("runs") / std::filesystem::path(options.recipe).stem()
          : std::filesystem::path(options.run);
  if (has_files(recipe.data.test)) {  // not after an hour of training
    const ParallelCorpus test(located(recipe.data.test, recipe.data.directory));
    test.for_each([](const SentencePair&) {});
  }
  const TrainingRun run = run_training(recipe, directory, options.resume);
  if (run.outcome.interrupted != 0) {
    exit_code = 128 + run.outcome.interrupted;
    return;
  }
  const CorpusFiles test = corpora_of(recipe, directory).test;
  if (learns_text(recipe)) {
    measure_text(recipe, directory, run);
  } else if (has_files(test)) {
    measure_test(recipe, ParallelCorpus(test), run);
  }
}

}  // namespace

void add_train_command(CLI::App& application, int& exit_code) {
  CLI::App* command = application.add_subcommand(
      "train",
      "Train a translator or a language model from a recipe\n\n"
      "Reads the corpora that the recipe names, learns the tokenizer, trains, validates and keeps "
      "checkpoints, curves and translations in the run directory. At the end the best model "
      "decodes "
      "the test set, if there is one, and its BLEU is the last line; of a language model it is the "
      "bits per character of the test text. Ctrl-C finishes the step, "
      "saves "
      "and ends (exit code 130); --resume continues to the same bytes as a run never stopped.");
  command->footer(
      "Examples:\n"
      "  heed train recipes/multi30k-quick.yaml --set data.directory=data/multi30k --run run\n"
      "  heed train recipe.yaml --set training.max_steps=500 --set model.d_model=256\n"
      "  heed train recipe.yaml --run run --resume");
  const auto options = std::make_shared<TrainOptions>();
  command->add_option("RECIPE", options->recipe, "The recipe, a YAML file")->required();
  command
      ->add_option("--set", options->overrides,
                   "Change a key of the recipe: KEY=VALUE, as often as needed")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  command->add_option("--run", options->run, "The run directory (default: runs/NAME of the recipe)")
      ->type_name("DIR");
  command->add_flag("--resume", options->resume, "Continue the run that is in the run directory");
  command->add_option("--init-from", options->init_from, "Start from this trained model")
      ->type_name("DIR");
  command->add_option("--threads", options->threads, "Threads (default: one for each core)")
      ->check(CLI::Range(1, 1024));
  command->add_option("--seed", options->seed, "Of all that is random")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--precision", options->precision, "Of matrix products: float32 or bf16");
  command->callback([options, &exit_code] { run_train(*options, exit_code); });
}

}  // namespace heed::app
