// How sure a score is: bootstrap resampling of sentences (Koehn, "Statistical significance tests
// for machine translation evaluation", EMNLP 2004), with the very samples that sacreBLEU 2.6.0
// draws and in the precision in which it computes them.
//
//   const Bleu bleu;
//   const SentenceStatistics statistics = bleu.statistics(hypotheses, references);
//   const ConfidenceInterval interval = bootstrap_interval(bleu, statistics, {});
//
// Precision: sacreBLEU sums the rows of a sample in float32. BLEU is then computed with precisions
// in float32 and the rest in float64, chrF in float32 throughout; what follows (mean, difference)
// is in the type of the scores. A metric tells by the type that its `resampled_score` returns.
#pragma once

#include <concepts>
#include <span>
#include <vector>

#include "heed/base/error.h"
#include "heed/metrics/score_line.h"
#include "heed/metrics/sentence_statistics.h"

namespace heed {

template <typename Metric>
concept ResampledMetric = requires(const Metric& metric, std::span<const float> float_totals,
                                   std::span<const std::int64_t> totals) {
  { metric.resampled_score(float_totals) } -> std::floating_point;
  { metric.score_of(totals) } -> std::same_as<double>;
};

// The column sums of each bootstrap sample, row-major [samples, columns].
// Errors: (usage) fewer than 2 samples or more than a million; (bad_data) no sentences.
std::vector<float> resample_totals(const SentenceStatistics& statistics,
                                   const BootstrapOptions& options);

// The score of each bootstrap sample, in the order of drawing.
template <ResampledMetric Metric>
auto resample_scores(const Metric& metric, const SentenceStatistics& statistics,
                     const BootstrapOptions& options) {
  using Real = decltype(metric.resampled_score(std::span<const float>()));
  const std::vector<float> totals = resample_totals(statistics, options);
  std::vector<Real> scores;
  for (std::size_t begin = 0; begin < totals.size(); begin += statistics.columns()) {
    scores.push_back(metric.resampled_score({totals.data() + begin, statistics.columns()}));
  }
  return scores;
}

// The interval that sacreBLEU prints beside a single system's score: the exact mean of the scores,
// and half the distance of those 1/40 from either end.
ConfidenceInterval interval_of_scores(std::vector<double> scores);
ConfidenceInterval interval_of_scores(std::vector<float> scores);

template <ResampledMetric Metric>
ConfidenceInterval bootstrap_interval(const Metric& metric, const SentenceStatistics& statistics,
                                      const BootstrapOptions& options) {
  return interval_of_scores(resample_scores(metric, statistics, options));
}

// Two systems on the same sentences, as `sacrebleu --paired-bs` compares them.
struct PairedBootstrap {
  double baseline_score = 0;
  double system_score = 0;
  ConfidenceInterval baseline;
  ConfidenceInterval system;
  // About the probability of a difference this large or larger if both systems were the same.
  double p_value = 1;
};

// Compares scores drawn by the same samples. `difference` is |score of one - score of the other| on
// the whole corpus. The mean is NumPy's here, not the exact one: that is what sacreBLEU prints.
PairedBootstrap compare_scores(const std::vector<double>& baseline,
                               const std::vector<double>& system, double difference);
PairedBootstrap compare_scores(const std::vector<float>& baseline, const std::vector<float>& system,
                               double difference);

// Errors (bad_data): the systems have different numbers of sentences, or none.
template <ResampledMetric Metric>
PairedBootstrap paired_bootstrap(const Metric& metric, const SentenceStatistics& baseline,
                                 const SentenceStatistics& system,
                                 const BootstrapOptions& options) {
  check_data(baseline.rows() == system.rows(),
             "paired bootstrap: the baseline has {} sentences, the system {}", baseline.rows(),
             system.rows());
  const double baseline_score = metric.score_of(baseline.total());
  const double system_score = metric.score_of(system.total());
  PairedBootstrap result = compare_scores(
      resample_scores(metric, baseline, options), resample_scores(metric, system, options),
      baseline_score < system_score ? system_score - baseline_score
                                    : baseline_score - system_score);
  result.baseline_score = baseline_score;
  result.system_score = system_score;
  return result;
}

}  // namespace heed
