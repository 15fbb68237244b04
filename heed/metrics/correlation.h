// How well predicted numbers follow the right ones: Pearson's and Spearman's correlation.
//
//   const SentenceStatistics rows = correlation_statistics(predicted, right);
//   Correlation::spearman().score_of(rows.total())   // −100 … 100
//
// Thread-safety: plain data and functions, from any thread.
#pragma once

#include <cstddef>
#include <span>

#include "heed/metrics/metric.h"
#include "heed/metrics/sentence_statistics.h"

namespace heed {

// A row for each example: 1, and what sums make correlations of, once of the numbers and once of
// their ranks (equal numbers share the mean of theirs), both measured from their mean in units of
// their deviation. Ranks are those among all examples, also in a bootstrap sample. Errors
// (failure): different lengths, a number that is not finite.
SentenceStatistics correlation_statistics(std::span<const double> predicted,
                                          std::span<const double> right);

class Correlation : public Metric {
 public:
  static Correlation pearson();
  static Correlation spearman();

  const MetricStyle& style() const override { return style_; }
  // 0 where either side is the same number throughout.
  double score_of(std::span<const std::int64_t> totals) const override { return score(totals); }
  double resampled_score(std::span<const float> totals) const override { return score(totals); }

 private:
  Correlation(MetricStyle style, std::size_t first) : style_(std::move(style)), first_(first) {}
  template <typename Number>
  double score(std::span<const Number> totals) const;

  MetricStyle style_;
  std::size_t first_;  // of its five columns
};

}  // namespace heed
