#include "heed/comparison/summary.h"

#include <algorithm>
#include <numeric>
#include <span>

#include "heed/base/error.h"
#include "heed/comparison/findings.h"

namespace heed {

namespace {

std::vector<SentenceStatistics> rows_of(const VariantResult& variant, const LengthBucket& bucket) {
  std::vector<SentenceStatistics> result;
  for (const RunResult& run : variant.runs) {
    const SentenceStatistics& all = run.sets.at(bucket.set).statistics;
    SentenceStatistics chosen(all.columns());
    for (const std::size_t sentence : bucket.sentences) {
      check(sentence < all.rows(), "comparison: sentence {} of {}", sentence, all.rows());
      chosen.append(all.row(sentence));
    }
    result.push_back(bucket.sentences.empty() ? all : std::move(chosen));
  }
  return result;
}

std::vector<MetricScores> scores_besides(const GroupMeasures& measures,
                                         const std::shared_ptr<const Metric>& shown,
                                         std::span<const SentenceStatistics> runs) {
  std::vector<MetricScores> result;
  for (const auto& metric : measures.all_but(shown)) {
    MetricScores& scores = result.emplace_back(MetricScores{metric, {}});
    for (const SentenceStatistics& run : runs) {
      scores.scores.push_back(metric->score_of(run.total()));
    }
  }
  return result;
}

std::string first_refusal(const VariantResult& variant, std::size_t set) {
  for (const RunResult& run : variant.runs) {
    if (!run.sets.at(set).refusal.empty()) {
      return run.sets.at(set).refusal;
    }
  }
  return {};
}

BucketSummary summarise_bucket(const GroupMeasures& measures, const VariantResult& variant,
                               const LengthBucket& bucket) {
  const std::vector<SentenceStatistics> runs = rows_of(variant, bucket);
  BucketSummary summary;
  summary.scores = score_runs(*measures.length_metric(), runs, {});
  summary.besides = scores_besides(measures, measures.length_metric(), runs);
  summary.refusal = first_refusal(variant, bucket.set);
  return summary;
}

std::optional<double> median(std::vector<double> values) {
  if (values.empty()) {
    return std::nullopt;
  }
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void add_costs(const VariantResult& variant, VariantSummary& summary) {
  std::vector<double> speeds;
  for (const RunResult& run : variant.runs) {
    for (const StepRecord& record : run.metrics.steps) {
      speeds.push_back(record.tokens_per_second);
    }
    summary.peak_bytes = std::max(summary.peak_bytes, run.peak_bytes);
    summary.seconds += run.seconds / static_cast<double>(variant.runs.size());
    if (const auto& loss = run.sets.at(0).loss) {
      summary.loss.push_back(*loss);
    }
  }
  summary.tokens_per_second = median(std::move(speeds));
  if (summary.loss.size() < variant.runs.size()) {
    summary.loss.clear();
  }
}

// Whether the last of a variant's buckets, `bucket`, is one where it does not work.
bool is_broken(const GroupMeasures& measures, const VariantSummary& variant,
               const LengthBucket& bucket) {
  const bool lower_is_better = measures.length_metric()->style().lower_is_better;
  const double mean = spread_of(variant.buckets.back().scores.scores).mean;
  if (const auto limit = measures.breaks.below) {
    return lower_is_better ? mean > *limit : mean < *limit;
  }
  if (!measures.breaks.ratio || !bucket.beyond) {
    return false;
  }
  const double trained = length_score_of_test_set(measures, variant);
  return lower_is_better ? mean > *measures.breaks.ratio * trained
                         : mean * *measures.breaks.ratio < trained;
}

VariantSummary summarise_variant(const ComparisonGroup& group, const VariantResult& variant) {
  const GroupMeasures& measures = group.measures;
  const std::vector<SentenceStatistics> runs = rows_of(variant, {});
  VariantSummary summary;
  add_costs(variant, summary);
  summary.scores = score_runs(*measures.metric, runs, {});
  summary.besides = scores_besides(measures, measures.metric, runs);
  for (const LengthBucket& bucket : group.buckets) {
    summary.buckets.push_back(summarise_bucket(measures, variant, bucket));
    if (!summary.breaks_at && is_broken(measures, summary, bucket)) {
      summary.breaks_at = summary.buckets.size() - 1;
    }
  }
  return summary;
}

// The places of the runs' means, the best first; equal ones stay in order.
std::vector<std::size_t> ranking_of(std::span<const RunScores* const> scores,
                                    bool lower_is_better) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const double first = spread_of(scores[a]->scores).mean;
    const double second = spread_of(scores[b]->scores).mean;
    return lower_is_better ? first < second : first > second;
  });
  return order;
}

std::vector<PairSummary> pairs_of(std::span<const RunScores* const> scores, bool lower_is_better) {
  const std::vector<std::size_t> order = ranking_of(scores, lower_is_better);
  std::vector<PairSummary> pairs;
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = i + 1; j < order.size(); ++j) {
      pairs.push_back({order[i], order[j], compare_runs(*scores[order[i]], *scores[order[j]])});
    }
  }
  return pairs;
}

GroupSummary summarise_group(const ComparisonGroup& group) {
  GroupSummary summary;
  for (const VariantResult& variant : group.variants) {
    summary.variants.push_back(summarise_variant(group, variant));
  }
  std::vector<const RunScores*> scores;
  for (const VariantSummary& variant : summary.variants) {
    scores.push_back(&variant.scores);
  }
  const bool lower_is_better = group.measures.metric->style().lower_is_better;
  summary.ranking = ranking_of(scores, lower_is_better);
  summary.pairs = pairs_of(scores, lower_is_better);
  for (std::size_t bucket = 0; bucket < group.buckets.size(); ++bucket) {
    for (std::size_t i = 0; i < scores.size(); ++i) {
      scores[i] = &summary.variants[i].buckets[bucket].scores;
    }
    summary.bucket_pairs.push_back(
        pairs_of(scores, group.measures.length_metric()->style().lower_is_better));
  }
  summary.findings = findings_of(group, summary);
  summary.length_findings = length_findings_of(group, summary);
  return summary;
}

void check_group(const ComparisonGroup& group) {
  check(group.measures.metric != nullptr, "comparison: a group without a metric");
  check(!group.measures.breaks.below || !group.measures.breaks.ratio,
        "comparison: two rules of where a variant breaks");
  for (const VariantResult& variant : group.variants) {
    for (const RunResult& run : variant.runs) {
      check(run.sets.size() == group.sets.size(), "comparison: {} test sets for {}",
            run.sets.size(), group.sets.size());
    }
  }
}

}  // namespace

double length_score_of_test_set(const GroupMeasures& measures, const VariantSummary& variant) {
  for (const MetricScores& other : variant.besides) {
    if (same_metric(*other.metric, *measures.length_metric())) {
      return spread_of(other.scores).mean;
    }
  }
  return spread_of(variant.scores.scores).mean;
}

ComparisonSummary summarise(const Comparison& comparison) {
  ComparisonSummary summary;
  for (const ComparisonGroup& group : comparison.groups) {
    check_group(group);
    summary.groups.push_back(summarise_group(group));
  }
  return summary;
}

}  // namespace heed
