// heed bleu: scores a translation as sacreBLEU does, and prints its lines.
#include <memory>
#include <string>
#include <vector>

#include "apps/heed/commands.h"
#include "apps/heed/file_options.h"
#include "apps/heed/scoring.h"

namespace heed::app {

namespace {

struct BleuCommandOptions {
  std::vector<std::string> references;
  std::string input;
  ScoringOptions scoring;
};

void run_bleu(const BleuCommandOptions& options) {
  check_scoring_options(options.scoring);
  const std::string input = input_path(options.input);
  const std::vector<std::string> hypotheses = read_segments(input);
  const auto references = read_references(options.references, hypotheses.size(), input);
  print_scores(options.scoring, hypotheses, references);
}

}  // namespace

void add_bleu_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand(
      "bleu", "Score a translation: BLEU and chrF as sacreBLEU defines and prints them");
  const auto options = std::make_shared<BleuCommandOptions>();
  add_reference_option(*command, options->references)->required();
  add_input_option(*command, options->input, "The translation to score");
  add_scoring_options(*command, options->scoring);
  command->add_flag("--sentence-level", options->scoring.sentence_level,
                    "A line for each sentence instead of one for all");
  command->footer(
      "Examples:\n"
      "  heed bleu --reference test.de < output.de\n"
      "  heed bleu --reference ref0.zh ref1.zh --tokenize zh --metrics bleu chrf++ < output.zh\n"
      "  heed bleu --reference test.de --lowercase --confidence < output.de");
  command->callback([options] { run_bleu(*options); });
}

}  // namespace heed::app
