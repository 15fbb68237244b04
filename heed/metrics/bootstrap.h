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
// is in the type of the scores (Metric::resampled_in_float32).
#pragma once

#include <span>
#include <vector>

#include "heed/metrics/metric.h"
#include "heed/metrics/score_line.h"
#include "heed/metrics/sentence_statistics.h"

namespace heed {

// The column sums of each bootstrap sample, row-major [samples, columns].
// Errors: (usage) fewer than 2 samples or more than a million; (bad_data) no sentences.
std::vector<float> resample_totals(const SentenceStatistics& statistics,
                                   const BootstrapOptions& options);

// The score of each bootstrap sample, in the order of drawing. Errors: those of resample_totals.
std::vector<double> resample_scores(const Metric& metric, const SentenceStatistics& statistics,
                                    const BootstrapOptions& options);

// The interval that sacreBLEU prints beside a single system's score: the exact mean of the scores
// of the samples, and half the distance of those 1/40 from either end.
ConfidenceInterval bootstrap_interval(const Metric& metric, const SentenceStatistics& statistics,
                                      const BootstrapOptions& options);

// Two systems on the same sentences, as `sacrebleu --paired-bs` compares them.
struct PairedBootstrap {
  double baseline_score = 0;
  double system_score = 0;
  ConfidenceInterval baseline;
  ConfidenceInterval system;
  // About the probability of a difference this large or larger if both systems were the same.
  double p_value = 1;
};

// The mean of the differences is NumPy's, not the exact one: that is what sacreBLEU prints. Errors
// (bad_data): the systems have different numbers of sentences, or none.
PairedBootstrap paired_bootstrap(const Metric& metric, const SentenceStatistics& baseline,
                                 const SentenceStatistics& system, const BootstrapOptions& options);

}  // namespace heed
