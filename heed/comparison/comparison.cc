#include "heed/comparison/comparison.h"

#include <algorithm>
#include <numeric>

#include "heed/comparison/comparison_findings.h"
#include "heed/metrics/bits_per_character.h"
#include "heed/metrics/bleu.h"
#include "heed/metrics/sequence_accuracy.h"

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

// The quality of a whole set.
RunScores whole_quality(Quality quality, std::span<const SentenceStatistics> runs) {
  switch (quality) {
    case Quality::accuracy:
      return score_runs(Share::exact_match(), runs, {});
    case Quality::bits_per_character:
      return score_runs(BitsPerCharacter(), runs, {});
    case Quality::bleu:
      break;
  }
  return score_runs(Bleu(), runs, {});
}

BucketSummary summarise_bucket(const ComparisonGroup& group, const VariantResult& variant,
                               const LengthBucket& bucket) {
  const std::vector<SentenceStatistics> runs = rows_of(variant, bucket);
  BucketSummary summary;
  if (group.quality == Quality::accuracy) {
    summary.quality = score_runs(Share::token_accuracy(), std::span(runs), {});
    summary.exact = scores_of(Share::exact_match(), runs);
  } else {
    summary.quality = whole_quality(group.quality, runs);
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

// Whether the last of a variant's buckets, `bucket`, is one where it does not work.
bool is_broken(Quality quality, const VariantSummary& variant, const LengthBucket& bucket) {
  const double mean = spread_of(variant.buckets.back().quality.scores).mean;
  return (quality == Quality::accuracy && mean < break_accuracy) ||
         (quality == Quality::bits_per_character && bucket.beyond &&
          mean > break_ratio * spread_of(variant.quality.scores).mean);
}

VariantSummary summarise_variant(const ComparisonGroup& group, const VariantResult& variant) {
  VariantSummary summary;
  add_costs(variant, summary);
  const std::vector<SentenceStatistics> runs = rows_of(variant, {});
  summary.quality = whole_quality(group.quality, runs);
  if (group.quality == Quality::accuracy) {
    summary.token_accuracy = scores_of(Share::token_accuracy(), runs);
  }
  for (const LengthBucket& bucket : group.buckets) {
    summary.buckets.push_back(summarise_bucket(group, variant, bucket));
    if (!summary.breaks_at && is_broken(group.quality, summary, bucket)) {
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
    scores.push_back(&variant.quality);
  }
  const bool lower_is_better = style_of(group.quality).lower_is_better;
  summary.ranking = ranking_of(scores, lower_is_better);
  summary.pairs = pairs_of(scores, lower_is_better);
  for (std::size_t bucket = 0; bucket < group.buckets.size(); ++bucket) {
    for (std::size_t i = 0; i < scores.size(); ++i) {
      scores[i] = &summary.variants[i].buckets[bucket].quality;
    }
    summary.bucket_pairs.push_back(pairs_of(scores, lower_is_better));
  }
  summary.findings = findings_of(group, summary);
  summary.length_findings = length_findings_of(group, summary);
  return summary;
}

}  // namespace

const QualityStyle& style_of(Quality quality) {
  static const QualityStyle bleu{.name = "BLEU",
                                 .bucket_name = "BLEU",
                                 .points = "BLEU",
                                 .bucket_points = "BLEU",
                                 .key = "bleu",
                                 .bucket_key = "bleu",
                                 .decimals = 1,
                                 .lower_is_better = false};
  static const QualityStyle accuracy{.name = "% exact",
                                     .bucket_name = "% of tokens",
                                     .points = "points of exact match",
                                     .bucket_points = "points of token accuracy",
                                     .key = "exact_match",
                                     .bucket_key = "token_accuracy",
                                     .decimals = 1,
                                     .lower_is_better = false};
  static const QualityStyle bits{.name = "bits per character",
                                 .bucket_name = "bits per character",
                                 .points = "bits per character",
                                 .bucket_points = "bits per character",
                                 .key = "bits_per_character",
                                 .bucket_key = "bits_per_character",
                                 .decimals = 3,
                                 .lower_is_better = true};
  return quality == Quality::bleu ? bleu : quality == Quality::accuracy ? accuracy : bits;
}

std::string noise_rule(std::size_t seeds, const char* items) {
  const std::string test = fmt::format(
      "the 95 % interval of the difference over 1,000 paired bootstrap samples of the test {} does "
      "not contain 0",
      items);
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
