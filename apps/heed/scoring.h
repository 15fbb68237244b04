// Lines that sacreBLEU prints, for the commands that measure translations.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "heed/metrics/bootstrap.h"
#include "heed/metrics/sentence_statistics.h"

namespace heed::app {

struct ScoringOptions {
  std::vector<std::string> metrics = {"bleu", "chrf"};
  std::string tokenize = "13a";
  bool lowercase = false;
  std::string smooth = "exp";
  std::optional<double> smooth_value;
  bool confidence = false;
  BootstrapOptions bootstrap;
  bool sentence_level = false;
  int width = 1;
};

// --metrics, --tokenize, --lowercase, --smooth, --smooth-value, --confidence, --bootstrap-samples,
// --seed, --width.
void add_scoring_options(CLI::App& command, ScoringOptions& options);

// Errors (usage): options that contradict each other, unknown names. Worth calling before the
// translations are there.
void check_scoring_options(const ScoringOptions& options);

// Every line of a file without the white space at its end, as sacreBLEU's command reads them.
// Errors: those of read_held_lines; (bad_data) none.
std::vector<std::string> read_segments(const std::string& path);

// Reads reference files. Errors (bad_data): one has another number of lines than `lines`, which
// were read from `source`; both are named.
std::vector<std::vector<std::string>> read_references(std::span<const std::string> paths,
                                                      std::size_t lines, const std::string& source);

// Prints the line of each metric, or its lines for each sentence.
void print_scores(const ScoringOptions& options, std::span<const std::string> hypotheses,
                  References references);

}  // namespace heed::app
