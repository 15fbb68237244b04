// Whether two systems, each trained several times, differ by more than noise.
//
// Two kinds of noise can feign a difference. The test set is a sample: other sentences would have
// given other scores. And a system is a sample: another seed would have given another one. A
// difference of means counts here when it exceeds both:
//   - the interval that holds the middle 95 % of the differences over bootstrap samples of the test
//     sentences, the same ones for both systems (Koehn, "Statistical significance tests for machine
//     translation evaluation", EMNLP 2004), does not contain 0; and
//   - it is larger than Student's t (two-sided, 95 %) times its standard error over the seeds,
//     sqrt(s² / n + s'² / n') for n and n' runs with deviations s and s'.
// With one run each the second question has no answer, and the first alone decides.
//
//   const RunScores rotary = score_runs(Bleu(), rotary_runs, {});
//   const RunScores learned = score_runs(Bleu(), learned_runs, {});
//   if (compare_runs(rotary, learned).exceeds_noise()) …
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "heed/metrics/bootstrap.h"

namespace heed {

struct ScoreSpread {
  double mean = 0;
  double deviation = 0;  // of the sample (n - 1); 0 for one score
};

// Errors (failure): no scores.
ScoreSpread spread_of(std::span<const double> scores);

// The t with P(|T| <= t) = 0.95 for Student's T with this many degrees of freedom, at least 1.
double student_quantile(int degrees);

// The runs of one system on one test set.
struct RunScores {
  std::vector<double> scores;     // of each run on the whole set
  std::vector<double> resampled;  // for each bootstrap sample, the mean over the runs
};

struct RunDifference {
  double difference = 0;         // the mean of the first system minus that of the second
  double lower = 0, upper = 0;   // the middle 95 % over bootstrap samples of the sentences
  std::optional<double> margin;  // t times the standard error over seeds; none for one run each

  bool exceeds_test_noise() const { return lower > 0 || upper < 0; }
  bool exceeds_seed_noise() const;
  bool exceeds_noise() const { return exceeds_test_noise() && exceeds_seed_noise(); }
};

// Both must have been scored with the same bootstrap samples: the same options, on equally many
// sentences. Errors (failure): different numbers of samples, or no runs.
RunDifference compare_runs(const RunScores& first, const RunScores& second);

// Errors: (usage) a bad number of samples; (bad_data) no sentences; (failure) no runs, or runs with
// different numbers of sentences.
RunScores score_runs(const Metric& metric, std::span<const SentenceStatistics> runs,
                     const BootstrapOptions& options);

}  // namespace heed
