// heed bleu: scores a translation as sacreBLEU does, and prints its lines.
#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/heed/commands.h"
#include "apps/heed/common.h"
#include "heed/base/error.h"
#include "heed/data/line_reader.h"
#include "heed/metrics/bleu.h"
#include "heed/metrics/chrf.h"
#include "heed/metrics/text_rules.h"

namespace heed::app {

namespace {

struct BleuCommandOptions {
  std::vector<std::string> references;
  std::string input = "/dev/stdin";
  std::vector<std::string> metrics;
  std::string tokenize = "13a";
  bool lowercase = false;
  std::string smooth = "exp";
  std::optional<double> smooth_value;
  bool confidence = false;
  BootstrapOptions bootstrap;
  bool sentence_level = false;
  int width = 1;
};

// Every line without the white space at its end, as sacreBLEU's command reads them.
std::vector<std::string> read_segments(const std::string& path) {
  LineReader reader(path);
  std::vector<std::string> lines;
  while (const auto line = reader.next()) {
    lines.emplace_back(without_trailing_space(*line));
  }
  check_data(!lines.empty(), "{}: no lines; there is nothing to score", path);
  return lines;
}

void warn_of_tokenized_text(const std::vector<std::string>& hypotheses) {
  int count = 0;
  for (const std::string& line : hypotheses) {
    count += line.ends_with(" .") ? 1 : 0;
  }
  if (count >= 100) {
    print_warning(
        fmt::format("{} lines end in ' .'; scores of tokenized text are not comparable: join the "
                    "tokens to plain text first",
                    count));
  }
}

// Prints the corpus's line, or one for each sentence.
template <typename Metric>
std::vector<std::string> metric_lines(const Metric& metric, const BleuCommandOptions& options,
                                      std::span<const std::string> hypotheses,
                                      References references) {
  const SentenceStatistics table = metric.statistics(hypotheses, references);
  if (!options.sentence_level) {
    return {metric.line(table, references.size(),
                        options.confidence ? std::optional(options.bootstrap) : std::nullopt,
                        options.width)};
  }
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < table.rows(); ++i) {
    SentenceStatistics sentence(table.columns());
    sentence.append(table.row(i));
    lines.push_back(metric.line(sentence, references.size(), std::nullopt, options.width));
  }
  return lines;
}

BleuOptions bleu_options(const BleuCommandOptions& options) {
  const BleuSmoothing smoothing = parse_bleu_smoothing(options.smooth);
  if (options.smooth_value) {
    check_usage(smoothing == BleuSmoothing::floor || smoothing == BleuSmoothing::add_k,
                "--smooth-value has a meaning for --smooth floor and add-k, not for {}",
                options.smooth);
    check_usage(std::isfinite(*options.smooth_value) && *options.smooth_value >= 0,
                "--smooth-value must be 0 or more, not {}", *options.smooth_value);
  }
  return {.tokenizer = parse_bleu_tokenizer(options.tokenize),
          .lowercase = options.lowercase,
          .smoothing = smoothing,
          .smooth_value = options.smooth_value,
          .effective_order = options.sentence_level};
}

void run_bleu(const BleuCommandOptions& options) {
  check_usage(!(options.sentence_level && options.confidence),
              "--confidence is about a corpus; it cannot go with --sentence-level");
  const Bleu bleu(bleu_options(options));
  std::vector<std::vector<std::string>> references;
  for (const std::string& path : options.references) {
    references.push_back(read_segments(path));
  }
  const std::vector<std::string> hypotheses = read_segments(options.input);
  for (std::size_t i = 0; i < references.size(); ++i) {
    check_data(references[i].size() == hypotheses.size(),
               "{}: {} lines, but {} has {}; each hypothesis needs its reference on the same line",
               options.input, hypotheses.size(), options.references[i], references[i].size());
  }
  warn_of_tokenized_text(hypotheses);
  for (const std::string& name : options.metrics) {
    const auto lines = name == "bleu" ? metric_lines(bleu, options, hypotheses, references)
                                      : metric_lines(Chrf({.word_order = name == "chrf++" ? 2 : 0,
                                                           .lowercase = options.lowercase}),
                                                     options, hypotheses, references);
    for (const std::string& line : lines) {
      write_output(line + "\n");
    }
  }
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
  options->metrics = {"bleu", "chrf"};
  command->add_option("-m,--metrics", options->metrics, "What to compute: bleu, chrf, chrf++")
      ->delimiter(',')
      ->check(CLI::IsMember({"bleu", "chrf", "chrf++"}))
      ->capture_default_str();
  command->add_option("--tokenize", options->tokenize, "BLEU's tokens: 13a, intl, char, zh, none")
      ->capture_default_str();
  command->add_flag("--lowercase", options->lowercase, "Ignore the difference of a and A");
  command
      ->add_option("--smooth", options->smooth,
                   "What becomes of n-gram orders without a match: exp, floor, add-k, none")
      ->capture_default_str();
  command->add_option("--smooth-value", options->smooth_value,
                      "For floor (0.1 without it) and add-k (1 without it)");
  command->add_flag("--confidence", options->confidence,
                    "Add a 95 % confidence interval by bootstrap resampling");
  command->add_option("--bootstrap-samples", options->bootstrap.samples, "Samples of the bootstrap")
      ->capture_default_str();
  command->add_option("--seed", options->bootstrap.seed, "Seed of the bootstrap")
      ->capture_default_str();
  command->add_flag("--sentence-level", options->sentence_level,
                    "A line for each sentence instead of one for all");
  command->add_option("--width", options->width, "Decimals of the scores")
      ->check(CLI::Range(0, 15))
      ->capture_default_str();
  command->footer(
      "Examples:\n"
      "  heed bleu test.de < output.de\n"
      "  heed bleu ref0.zh ref1.zh --tokenize zh --metrics bleu chrf++ < output.zh\n"
      "  heed bleu test.de --lowercase --confidence < output.de");
  command->callback([options] { run_bleu(*options); });
}

}  // namespace heed::app
