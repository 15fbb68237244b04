// heed train: from raw data to a measured result.
#include <fmt/format.h>

#include <memory>

#include "apps/heed/choices.h"
#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/file_options.h"
#include "apps/heed/interrupt.h"
#include "apps/heed/terminal_progress.h"
#include "heed/base/json.h"
#include "heed/base/yaml.h"
#include "heed/tasks/run.h"

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

// Shows how it goes. Signals are asked after while it trains, and end the process otherwise.
TrainingOutcome train_watched(const Recipe& recipe, const std::filesystem::path& directory,
                              bool resume) {
  TerminalProgress progress;
  InterruptScope interrupts;
  return train_recipe(recipe, directory,
                      {.resume = resume, .progress = &progress, .interrupted = [&] {
                         return interrupts.pending();
                       }});
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
  if (!options.init_from.empty()) {
    check_text(options.init_from, "--init-from");
    overrides.push_back("init_from=" + Json(options.init_from).dump());
  }
  const Recipe recipe = read_recipe(options.recipe, overrides);
  const std::filesystem::path directory =
      options.run.empty()
          ? std::filesystem::path("runs") / std::filesystem::path(options.recipe).stem()
          : std::filesystem::path(options.run);
  const TrainingOutcome outcome = train_watched(recipe, directory, options.resume);
  if (outcome.interrupted != 0) {
    exit_code = 128 + outcome.interrupted;
  } else if (const auto test = test_recipe(recipe, directory, outcome)) {
    write_output(test->line + "\n");
  }
}

}  // namespace

void add_train_command(CLI::App& application, int& exit_code) {
  CLI::App* command = application.add_subcommand(
      "train",
      "Train a model from a recipe\n\n"
      "The recipe says what is learned (its task; `heed recipe` lists the tasks). Reads the data "
      "that it names, learns the tokenizer, trains, validates and keeps checkpoints, curves and "
      "samples in the run directory. At the end the best model is measured on the test data, if "
      "there is some, and what it reaches is the last line: BLEU of a translator, bits per "
      "character of a language model. Ctrl-C finishes the step, saves and ends (exit code 130); "
      "--resume continues to the same bytes as a run never stopped.");
  command->footer(
      "Examples:\n"
      "  heed train recipes/multi30k-quick.yaml --set data.directory=data/multi30k --run run\n"
      "  heed train recipe.yaml --set training.max_steps=500 --set model.d_model=256\n"
      "  heed train recipe.yaml --run run --resume\n"
      "  heed train recipe.yaml --init-from SmolLM2-135M-Instruct.Q8_0.gguf --run tuned");
  const auto options = std::make_shared<TrainOptions>();
  command->add_option("RECIPE", options->recipe, "The recipe, a YAML file")
      ->required()
      ->type_name(file_value);
  add_set_option(*command, options->overrides,
                 "Change a key of the recipe: KEY=VALUE, as often as needed");
  command->add_option("--run", options->run, "The run directory (default: runs/NAME of the recipe)")
      ->type_name("DIR");
  command->add_flag("--resume", options->resume, "Continue the run that is in the run directory");
  command
      ->add_option(
          "--init-from", options->init_from,
          "Start from this model, its weights, configuration and tokenizers: a run, a model "
          "directory, or a file of GGUF or llama2.c")
      ->type_name("DIR");
  command->add_option("--threads", options->threads, "Threads (default: one for each core)")
      ->check(CLI::Range(1, 1024));
  command->add_option("--seed", options->seed, "Of all that is random")
      ->check(seed_range<std::int64_t>());
  suggest(
      command->add_option("--precision", options->precision, "Of matrix products: float32 or bf16"),
      {"float32", "bf16"});
  command->callback([options, &exit_code] { run_train(*options, exit_code); });
}

}  // namespace heed::app
