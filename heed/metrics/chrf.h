// chrF (Popović, "chrF: character n-gram F-score for automatic MT evaluation", WMT 2015) and chrF++
// (Popović, "chrF++: words helping character n-grams", WMT 2017) as sacreBLEU 2.6.0 computes and
// prints them, over the effective orders.
//
//   const Chrf chrf({.word_order = 2});                         // chrF2++
//   const SentenceStatistics statistics = chrf.statistics(hypotheses, references);
//   std::cout << chrf.line(statistics, references.size()) << '\n';
//   // chrF2++|nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|version:2.6.0 = 60.3
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "heed/metrics/metric.h"
#include "heed/metrics/score_line.h"
#include "heed/metrics/sentence_statistics.h"

namespace heed {

struct ChrfOptions {
  int character_order = 6;
  int word_order = 0;  // 2 for chrF++
  int beta = 2;        // how many times recall weighs more than precision
  bool lowercase = false;
  bool white_space = false;  // whether white space is part of character n-grams
};

class Chrf : public Metric {
 public:
  // Errors (usage): an order out of 0 to 100, or both 0; a beta out of 1 to 100.
  explicit Chrf(ChrfOptions options = {});
  const ChrfOptions& options() const { return options_; }

  // For each order, characters first: n-grams of the hypothesis, of the reference, and matches,
  // with the reference that gives the best score. Errors (bad_data): invalid UTF-8.
  std::vector<std::int64_t> sentence_statistics(std::string_view hypothesis,
                                                std::span<const std::string_view> references) const;
  // One row per hypothesis. Errors (bad_data): different numbers of lines, none, invalid UTF-8.
  SentenceStatistics statistics(std::span<const std::string> hypotheses,
                                References references) const;

  // The score, 0 to 100, of summed statistics. Errors (failure): `totals` has another width.
  const MetricStyle& style() const override { return style_; }
  double score_of(std::span<const std::int64_t> totals) const override;
  double resampled_score(std::span<const float> totals) const override;
  bool resampled_in_float32() const override { return true; }

  // `chrF2`, `chrF2++`: beta, and a plus per word order.
  std::string name() const;
  // `nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0`; `version` is sacrebleu_version.
  std::string signature(std::size_t reference_count,
                        const std::optional<BootstrapOptions>& bootstrap = std::nullopt) const;
  // The whole line that sacreBLEU prints for a corpus, with an interval if `bootstrap` is given.
  std::string line(const SentenceStatistics& statistics, std::size_t reference_count,
                   const std::optional<BootstrapOptions>& bootstrap = std::nullopt,
                   int decimals = 1) const;

 private:
  ChrfOptions options_;
  MetricStyle style_;
};

// The score of a corpus in one call.
double corpus_chrf(std::span<const std::string> hypotheses, References references,
                   const ChrfOptions& options = {});

}  // namespace heed
