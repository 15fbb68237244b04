// What can be said of a comparison: scores of every variant, the differences of every pair with
// their noise, where a variant breaks by length, and all of it in sentences.
//
//   const ComparisonSummary summary = summarise(comparison);
//   summary.groups[0].findings  // "rotary is better than sinusoidal by 0.7 …; …"
//
// Thread-safety: plain data; summarise() may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "heed/comparison/comparison.h"
#include "heed/metrics/paired_bootstrap.h"

namespace heed {

struct MetricScores {
  std::shared_ptr<const Metric> metric;
  std::vector<double> scores;  // of each run
};

struct BucketSummary {
  RunScores scores;                   // by GroupMeasures::length_metric()
  std::vector<MetricScores> besides;  // by every other metric
  std::string refusal;
};

struct VariantSummary {
  std::vector<double> loss;           // of each run; empty when one has none
  RunScores scores;                   // on the test set, by GroupMeasures::metric
  std::vector<MetricScores> besides;  // by every other metric
  std::vector<BucketSummary> buckets;
  std::optional<std::size_t> breaks_at;  // the first bucket where GroupMeasures::breaks holds
  // The median over all lines of metrics; nothing when the runs were too short for one.
  std::optional<double> tokens_per_second;
  std::int64_t peak_bytes = 0;  // the largest
  double seconds = 0;           // of training, on average
};

struct PairSummary {
  std::size_t first = 0, second = 0;  // variants; the first has the better mean
  RunDifference difference;
};

struct GroupSummary {
  std::vector<VariantSummary> variants;
  std::vector<std::size_t> ranking;                    // variants by mean score, best first
  std::vector<PairSummary> pairs;                      // in the order of the ranking
  std::vector<std::vector<PairSummary>> bucket_pairs;  // by bucket, in the order of its means
  std::vector<std::string> findings;                   // on the test set, in sentences
  std::vector<std::string> length_findings;            // by length
};

struct ComparisonSummary {
  std::vector<GroupSummary> groups;
};

// The mean on the test set by the metric that buckets are scored by.
double length_score_of_test_set(const GroupMeasures& measures, const VariantSummary& variant);

// Errors (failure): a group without a metric, or with two rules of where a variant breaks; runs
// whose sets or sentences do not agree.
ComparisonSummary summarise(const Comparison& comparison);

}  // namespace heed
