#include "heed/training/comparison.h"

#include <algorithm>
#include <numeric>

#include "heed/metrics/bleu.h"
#include "heed/metrics/sequence_accuracy.h"
#include "heed/training/comparison_findings.h"

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

template <typename Metric>
std::vector<double> scores_of(const Metric& metric, std::span<const SentenceStatistics> runs) {
  std::vector<double> scores;
  for (const SentenceStatistics& run : runs) {
    scores.push_back(metric.score_of(run.total()));
  }
  return scores;
}

std::string first_refusal(const VariantResult& variant, std::size_t set) {
  for (const RunResult& run : variant.runs) {
    if (!run.sets.at(set).refusal.empty()) {
      return run.sets.at(set).refusal;
    }
  }
  return {};
}

BucketSummary summarise_bucket(const ComparisonGroup& group, const VariantResult& variant,
                               const LengthBucket& bucket) {
  const std::vector<SentenceStatistics> runs = rows_of(variant, bucket);
  BucketSummary summary;
  if (group.quality == Quality::bleu) {
    summary.quality = score_runs(Bleu(), std::span(runs), {});
  } else {
    summary.quality = score_runs(Share::token_accuracy(), std::span(runs), {});
    summary.exact = scores_of(Share::exact_match(), runs);
  }
  summary.refusal = first_refusal(variant, bucket.set);
  return summary;
}

double median(std::vector<double> values) {
  if (values.empty()) {
    return 0;
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

VariantSummary summarise_variant(const ComparisonGroup& group, const VariantResult& variant) {
  VariantSummary summary;
  add_costs(variant, summary);
  const std::vector<SentenceStatistics> runs = rows_of(variant, {});
  if (group.quality == Quality::bleu) {
    summary.quality = score_runs(Bleu(), std::span(runs), {});
  } else {
    summary.quality = score_runs(Share::exact_match(), std::span(runs), {});
    summary.token_accuracy = scores_of(Share::token_accuracy(), runs);
  }
  for (const LengthBucket& bucket : group.buckets) {
    summary.buckets.push_back(summarise_bucket(group, variant, bucket));
    const double mean = spread_of(summary.buckets.back().quality.scores).mean;
    if (group.quality == Quality::accuracy && !summary.breaks_at && mean < break_accuracy) {
      summary.breaks_at = summary.buckets.size() - 1;
    }
  }
  return summary;
}

// The places of the runs' means, the highest first; equal ones stay in order.
std::vector<std::size_t> ranking_of(std::span<const RunScores* const> scores) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return spread_of(scores[a]->scores).mean > spread_of(scores[b]->scores).mean;
  });
  return order;
}

std::vector<PairSummary> pairs_of(std::span<const RunScores* const> scores) {
  const std::vector<std::size_t> order = ranking_of(scores);
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
    scores.push_back(&variant.quality);
  }
  summary.ranking = ranking_of(scores);
  summary.pairs = pairs_of(scores);
  for (std::size_t bucket = 0; bucket < group.buckets.size(); ++bucket) {
    for (std::size_t i = 0; i < scores.size(); ++i) {
      scores[i] = &summary.variants[i].buckets[bucket].quality;
    }
    summary.bucket_pairs.push_back(pairs_of(scores));
  }
  summary.findings = findings_of(group, summary);
  summary.length_findings = length_findings_of(group, summary);
  return summary;
}

}  // namespace

const char* quality_name(Quality quality) {
  return quality == Quality::bleu ? "BLEU" : "% exact";
}

const char* bucket_quality_name(Quality quality) {
  return quality == Quality::bleu ? "BLEU" : "% of tokens";
}

std::string noise_rule(std::size_t seeds) {
  const std::string test =
      "the 95 % interval of the difference over 1,000 paired bootstrap samples of the test "
      "sentences does not contain 0";
  return seeds < 2
             ? fmt::format(
                   "A difference counts when {}. With one seed nothing is known of the "
                   "spread over seeds.",
                   test)
             : fmt::format(
                   "A difference counts when {}, and when it is larger than {:.2f} (Student's "
                   "t, 95 %, for {} seeds) times its standard error over the seeds. No "
                   "correction is made for the number of pairs.",
                   test, student_quantile(2 * static_cast<int>(seeds) - 2), seeds);
}

ComparisonSummary summarise(const Comparison& comparison) {
  ComparisonSummary summary;
  for (const ComparisonGroup& group : comparison.groups) {
    for (const VariantResult& variant : group.variants) {
      for (const RunResult& run : variant.runs) {
        check(run.sets.size() == group.sets.size(), "comparison: {} test sets for {}",
              run.sets.size(), group.sets.size());
      }
    }
    summary.groups.push_back(summarise_group(group));
  }
  return summary;
}

}  // namespace heed
