// What a measure of predictions is to those who compare, resample and show it: a name, a direction,
// and a score that is formed of statistics which can be summed over examples.
//
//   const Bleu bleu;                                   // BLEU, chrF, shares, bits per character …
//   const Metric& metric = bleu;
//   metric.score_of(statistics.total())
//
// Statistics are rows of integers, one for each example (SentenceStatistics): so that any set of
// examples, or a bootstrap sample of them, is scored by adding rows.
//
// Thread-safety: const members may be called from any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace heed {

// How a measure is named and shown.
struct MetricStyle {
  std::string key;   // in files: "bleu"
  std::string name;  // in tables: "BLEU", "% exact"
  std::string unit;  // of a difference, in a sentence: "BLEU", "points of exact match"
  int decimals = 2;
  bool lower_is_better = false;
};

class Metric {
 public:
  virtual ~Metric() = default;

  virtual const MetricStyle& style() const = 0;
  // The score of summed rows.
  virtual double score_of(std::span<const std::int64_t> totals) const = 0;
  // The score of a bootstrap sample, whose rows are summed in float32 (heed/metrics/bootstrap.h).
  virtual double resampled_score(std::span<const float> totals) const = 0;
  // Whether scores of samples are float32 numbers, and what is made of them (means, differences) is
  // computed in float32 as well.
  virtual bool resampled_in_float32() const { return false; }
};

}  // namespace heed
