#include "apps/heed/scoring.h"

#include <fmt/format.h>

#include <cmath>

#include "apps/heed/choices.h"
#include "apps/heed/common.h"
#include "heed/base/error.h"
#include "heed/data/held_lines.h"
#include "heed/metrics/bleu.h"
#include "heed/metrics/chrf.h"
#include "heed/metrics/text_rules.h"

namespace heed::app {

namespace {

void warn_of_tokenized_text(std::span<const std::string> hypotheses) {
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

// The corpus's line, or one for each sentence.
template <typename Metric>
std::vector<std::string> metric_lines(const Metric& metric, const ScoringOptions& options,
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

BleuOptions bleu_options(const ScoringOptions& options) {
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

}  // namespace

void add_scoring_options(CLI::App& command, ScoringOptions& options) {
  command.add_option("--metrics", options.metrics, "What to compute: bleu, chrf, chrf++")
      ->delimiter(',')
      ->check(CLI::IsMember({"bleu", "chrf", "chrf++"}))
      ->capture_default_str();
  suggest(command.add_option("--tokenize", options.tokenize,
                             "BLEU's tokens: 13a, intl, char, zh, none"),
          {"13a", "intl", "char", "zh", "none"})
      ->capture_default_str();
  command.add_flag("--lowercase", options.lowercase, "Ignore the difference of a and A");
  suggest(command.add_option("--smooth", options.smooth,
                             "What becomes of n-gram orders without a match: exp, floor, add-k, "
                             "none"),
          {"exp", "floor", "add-k", "none"})
      ->capture_default_str();
  command.add_option("--smooth-value", options.smooth_value,
                     "For floor (0.1 without it) and add-k (1 without it)");
  command.add_flag("--confidence", options.confidence,
                   "Add a 95 % confidence interval by bootstrap resampling");
  command.add_option("--bootstrap-samples", options.bootstrap.samples, "Samples of the bootstrap")
      ->capture_default_str();
  command.add_option("--seed", options.bootstrap.seed, "Seed of the bootstrap")
      ->capture_default_str();
  command.add_option("--width", options.width, "Decimals of the scores")
      ->check(CLI::Range(0, 15))
      ->capture_default_str();
}

void check_scoring_options(const ScoringOptions& options) {
  check_usage(!(options.sentence_level && options.confidence),
              "--confidence is about a corpus; it cannot go with --sentence-level");
  bleu_options(options);
}

std::vector<std::string> read_segments(const std::string& path) {
  std::vector<std::string> lines = read_held_lines(path);
  for (std::string& line : lines) {
    line.resize(without_trailing_space(std::string_view(line)).size());
  }
  check_data(!lines.empty(), "{}: no lines; there is nothing to score", path);
  return lines;
}

std::vector<std::vector<std::string>> read_references(std::span<const std::string> paths,
                                                      std::size_t lines,
                                                      const std::string& source) {
  std::vector<std::vector<std::string>> references;
  for (const std::string& path : paths) {
    references.push_back(read_segments(path));
    check_data(references.back().size() == lines,
               "{}: {} lines, but {} has {}; each hypothesis needs its reference on the same line",
               source, lines, path, references.back().size());
  }
  return references;
}

void print_scores(const ScoringOptions& options, std::span<const std::string> hypotheses,
                  References references) {
  warn_of_tokenized_text(hypotheses);
  for (const std::string& name : options.metrics) {
    const auto lines =
        name == "bleu"
            ? metric_lines(Bleu(bleu_options(options)), options, hypotheses, references)
            : metric_lines(
                  Chrf({.word_order = name == "chrf++" ? 2 : 0, .lowercase = options.lowercase}),
                  options, hypotheses, references);
    for (const std::string& line : lines) {
      write_output(line + "\n");
    }
  }
}

}  // namespace heed::app
