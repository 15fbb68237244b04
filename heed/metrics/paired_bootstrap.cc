#include "heed/metrics/paired_bootstrap.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "heed/base/error.h"

namespace heed {

namespace {

// P(|T| <= t) for n degrees of freedom, by the finite sums in θ = atan(t / √n) (Abramowitz and
// Stegun, "Handbook of Mathematical Functions", 26.7.3 and 26.7.4).
double student_probability(double t, int degrees) {
  const double angle = std::atan(t / std::sqrt(degrees));
  const double cosine = std::cos(angle), square = cosine * cosine;
  double term = degrees % 2 == 0 ? 1 : cosine, sum = degrees == 1 ? 0 : term;
  for (int i = degrees % 2 == 0 ? 1 : 2; i <= degrees - 3; i += 2) {
    term *= square * i / (i + 1);
    sum += term;
  }
  const double even = std::sin(angle) * sum;
  return degrees % 2 == 0 ? even : 2 / std::numbers::pi * (angle + even);
}

double variance_of_mean(const RunScores& runs) {
  const double deviation = spread_of(runs.scores).deviation;
  return deviation * deviation / static_cast<double>(runs.scores.size());
}

}  // namespace

ScoreSpread spread_of(std::span<const double> scores) {
  check(!scores.empty(), "spread of scores: no scores");
  const auto count = static_cast<double>(scores.size());
  ScoreSpread result;
  for (const double score : scores) {
    result.mean += score / count;
  }
  double squares = 0;
  for (const double score : scores) {
    squares += (score - result.mean) * (score - result.mean);
  }
  result.deviation = scores.size() > 1 ? std::sqrt(squares / (count - 1)) : 0;
  return result;
}

double student_quantile(int degrees) {
  check(degrees >= 1, "Student's t: {} degrees of freedom", degrees);
  double low = 0, high = 13;  // 12.706 for one degree is the largest
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (student_probability(middle, degrees) < 0.95 ? low : high) = middle;
  }
  return (low + high) / 2;
}

bool RunDifference::exceeds_seed_noise() const {
  return !margin || std::abs(difference) > *margin;
}

RunDifference compare_runs(const RunScores& first, const RunScores& second) {
  check(!first.resampled.empty() && first.resampled.size() == second.resampled.size(),
        "compare_runs: {} bootstrap samples of one system, {} of the other", first.resampled.size(),
        second.resampled.size());
  std::vector<double> differences(first.resampled.size());
  for (std::size_t i = 0; i < differences.size(); ++i) {
    differences[i] = first.resampled[i] - second.resampled[i];
  }
  std::sort(differences.begin(), differences.end());
  const std::size_t outside = differences.size() / 40;  // 2.5 % on either side
  RunDifference result;
  result.difference = spread_of(first.scores).mean - spread_of(second.scores).mean;
  result.lower = differences[outside];
  result.upper = differences[differences.size() - 1 - outside];
  const auto degrees = static_cast<int>(first.scores.size() + second.scores.size()) - 2;
  if (first.scores.size() > 1 && second.scores.size() > 1) {
    result.margin =
        student_quantile(degrees) * std::sqrt(variance_of_mean(first) + variance_of_mean(second));
  }
  return result;
}

RunScores score_runs(const Metric& metric, std::span<const SentenceStatistics> runs,
                     const BootstrapOptions& options) {
  check(!runs.empty(), "score_runs: no runs");
  RunScores result;
  for (const SentenceStatistics& run : runs) {
    check(run.rows() == runs.front().rows(), "score_runs: runs with {} and with {} sentences",
          runs.front().rows(), run.rows());
    result.scores.push_back(metric.score_of(run.total()));
    const std::vector<double> scores = resample_scores(metric, run, options);
    result.resampled.resize(scores.size(), 0.0);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      result.resampled[i] += scores[i] / static_cast<double>(runs.size());
    }
  }
  return result;
}

}  // namespace heed
