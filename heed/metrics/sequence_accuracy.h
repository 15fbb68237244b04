// How much of a sequence with one right answer was got right: whole sequences, and their tokens
// place by place. For tasks such as copying, reversing and sorting.
//
//   const SentenceStatistics statistics = sequence_statistics(hypotheses, references);
//   const double percent = Share::exact_match().score_of(statistics.total());
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "heed/metrics/metric.h"
#include "heed/metrics/sentence_statistics.h"

namespace heed {

// A row for each pair: whether the token sequences are equal; 1; places at which both have the same
// token; places of the longer one. Tokens are separated by white space (ASCII).
// Errors (failure): different numbers of lines.
SentenceStatistics sequence_statistics(std::span<const std::string> hypotheses,
                                       std::span<const std::string> references);

// One column as a percentage of another, 0 to 100; 0 where there is nothing to count.
class Share : public Metric {
 public:
  static Share exact_match();     // of sequence_statistics
  static Share token_accuracy();  // of sequence_statistics

  Share(MetricStyle style, std::size_t part, std::size_t whole)
      : style_(std::move(style)), part_(part), whole_(whole) {}

  const MetricStyle& style() const override { return style_; }
  double score_of(std::span<const std::int64_t> totals) const override { return share(totals); }
  double resampled_score(std::span<const float> totals) const override { return share(totals); }

 private:
  template <typename Number>
  double share(std::span<const Number> totals) const {
    const auto whole = static_cast<double>(totals[whole_]);
    return whole > 0 ? 100 * static_cast<double>(totals[part_]) / whole : 0;
  }

  MetricStyle style_;
  std::size_t part_, whole_;
};

}  // namespace heed
