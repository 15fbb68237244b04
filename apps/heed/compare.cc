// heed compare: variants of a recipe, trained with several seeds on the same batches.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <sstream>

#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "apps/heed/file_options.h"
#include "apps/heed/interrupt.h"
#include "apps/heed/terminal_progress.h"
#include "heed/base/error.h"
#include "heed/tasks/study_run.h"

namespace heed::app {

namespace {

struct CompareOptions {
  std::string recipe;
  StudyOptions study;
  std::string run;
  bool resume = false;
  int threads = 0;
  int seeds = 0;
  std::string lengths;  // separated by commas
};

void run_compare(CompareOptions options, int& exit_code) {
  if (options.threads > 0) {
    options.study.overrides.push_back(fmt::format("threads={}", options.threads));
  }
  if (options.seeds > 0) {
    options.study.seeds = options.seeds;
  }
  std::istringstream lengths(options.lengths);
  for (std::string length; std::getline(lengths, length, ',');) {
    options.study.lengths.push_back(length);
  }
  const Study study = read_study(options.recipe, options.study);
  const std::filesystem::path directory =
      options.run.empty()
          ? std::filesystem::path("runs") / std::filesystem::path(options.recipe).stem()
          : std::filesystem::path(options.run);
  TerminalProgress progress;
  InterruptScope interrupts;
  const StudyOutcome outcome = run_study(
      study, directory, {.resume = options.resume, .progress = &progress, .interrupted = [&] {
                           return interrupts.pending();
                         }});
  if (outcome.interrupted != 0) {
    exit_code = 128 + outcome.interrupted;
  } else {
    write_output(outcome.text);
  }
}

}  // namespace

void add_compare_command(CLI::App& application, int& exit_code) {
  CLI::App* command = application.add_subcommand(
      "compare",
      "Train variants of a recipe and say which differ by more than noise\n\n"
      "Trains every combination of the values given by --vary with several seeds, on the same "
      "batches and with one tokenizer, and tests all of them. Prints a table; DIR/comparison.html "
      "shows it with curves, quality by length and the differences of all pairs, "
      "DIR/comparison.json and DIR/comparison.md hold the numbers. A variant that the model "
      "refuses "
      "is an error before anything is trained. Killed or interrupted, --resume goes on: finished "
      "runs are not repeated. A recipe with a section 'compare' (vary, seeds, lengths) is a study "
      "that needs no options.");
  command->footer(
      "Examples:\n"
      "  heed compare recipe.yaml --vary position.kind=sinusoidal,learned --seeds 3 --run runs/p\n"
      "  heed compare recipe.yaml --vary norm=pre,post --vary heads=2,4 --run runs/norms\n"
      "  heed compare recipes/studies/length-extrapolation.yaml --run runs/lengths --resume");
  const auto options = std::make_shared<CompareOptions>();
  command->add_option("RECIPE", options->recipe, "The recipe or study, a YAML file")
      ->required()
      ->type_name(file_value);
  command
      ->add_option(
          "--vary", options->study.vary,
          "A key of the recipe (its end is enough where that is unique) with the values to "
          "compare; several give all combinations")
      ->type_name(key_values)
      ->expected(1)
      ->take_all();
  command->add_option("--seeds", options->seeds, "Runs of each variant (default: 3)")
      ->check(CLI::Range(1, 100));
  command
      ->add_option("--lengths", options->lengths,
                   "Multiples of the training length to test at, such as 1x,2x,4x")
      ->type_name("LIST");
  command
      ->add_option("--run", options->run, "Where everything goes (default: runs/NAME of the file)")
      ->type_name("DIR");
  command->add_flag("--resume", options->resume,
                    "Continue the comparison that is in the directory");
  add_set_option(*command, options->study.overrides,
                 "Change a key of the recipe for all variants: KEY=VALUE, as often as needed");
  command->add_option("--threads", options->threads, "Threads (default: one for each core)")
      ->check(CLI::Range(1, 1024));
  command->callback([options, &exit_code] { run_compare(*options, exit_code); });
}

}  // namespace heed::app
