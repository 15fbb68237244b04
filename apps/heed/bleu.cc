// heed bleu: scores a translation as sacreBLEU does, and prints its lines.
#include <memory>
#include <string>
#include <vector>

#include "apps/heed/commands.h"
#include "apps/heed/scoring.h"

namespace heed::app {

namespace {

struct BleuCommandOptions {
  std::vector<std::string> references;
  std::string input = "/dev/stdin";
  ScoringOptions scoring;
};

void run_bleu(const BleuCommandOptions& options) {
  check_scoring_options(options.scoring);
  const std::vector<std::string> hypotheses = read_segments(options.input);
  const auto references = read_references(options.references, hypotheses.size(), options.input);
  print_scores(options.scoring, hypotheses, references);
}

}  // namespace

void add_bleu_command(CLI::App& application, int&) {
  CLI::App* command = application.add_subcommand(
      "bleu", "Score a translation: BLEU and chrF as sacreBLEU defines and prints them");
  const auto options = std::make_shared<BleuCommandOptions>();
  command
      ->add_option("REFERENCE", options->references,
                   "Reference translations, one sentence a line; several files are several "
                   "references of the same sentences (.gz is read too)")
      ->required();
  command->add_option("-i,--input", options->input,
                      "The translation to score; standard input without it");
  add_scoring_options(*command, options->scoring);
  command->add_flag("--sentence-level", options->scoring.sentence_level,
                    "A line for each sentence instead of one for all");
  command->footer(
      "Examples:\n"
      "  heed bleu test.de < output.de\n"
      "  heed bleu ref0.zh ref1.zh --tokenize zh --metrics bleu chrf++ < output.zh\n"
      "  heed bleu test.de --lowercase --confidence < output.de");
  command->callback([options] { run_bleu(*options); });
}

}  // namespace heed::app
