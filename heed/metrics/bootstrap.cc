#include "heed/metrics/bootstrap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "heed/base/error.h"
#include "heed/metrics/numpy_random.h"

namespace heed {

namespace {

constexpr int max_samples = 1'000'000;

// The mean of the exact real numbers, rounded once as far as two doubles can tell: a sum carried as
// value and error (Knuth's two-sum), and a quotient corrected by its remainder.
template <typename Real>
double exact_mean(const std::vector<Real>& values) {
  double sum = 0, error = 0;
  for (const double value : values) {
    const double next = sum + value;
    const double part = next - sum;
    error += (sum - (next - part)) + (value - part);
    sum = next;
  }
  const auto count = static_cast<double>(values.size());
  const double quotient = (sum + error) / count;
  const double remainder = std::fma(-quotient, count, sum) + error;
  return quotient + remainder / count;
}

// NumPy's summation: eight running sums up to 128 numbers, halves beyond.
template <typename Real>
Real pairwise_sum(std::span<const Real> values) {
  const std::size_t count = values.size();
  if (count < 8) {
    Real sum = 0;
    for (const Real value : values) {
      sum += value;
    }
    return sum;
  }
  if (count > 128) {
    const std::size_t half = count / 2 - count / 2 % 8;
    return pairwise_sum(values.first(half)) + pairwise_sum(values.subspan(half));
  }
  std::array<Real, 8> sums;
  std::copy_n(values.begin(), 8, sums.begin());
  std::size_t i = 8;
  for (; i + 8 <= count; i += 8) {
    for (std::size_t lane = 0; lane < 8; ++lane) {
      sums[lane] += values[i + lane];
    }
  }
  Real sum =
      ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  for (; i < count; ++i) {
    sum += values[i];
  }
  return sum;
}

template <typename Real>
Real numpy_mean(const std::vector<Real>& values) {
  return pairwise_sum(std::span<const Real>(values)) / static_cast<Real>(values.size());
}

// Scores were computed in this type, so that nothing is lost.
std::vector<float> in_float32(const std::vector<double>& scores) {
  return {scores.begin(), scores.end()};
}

template <typename Real>
double half_width_of_sorted(const std::vector<Real>& scores) {
  const std::size_t lower = scores.size() / 40;
  return Real(0.5) * (scores[scores.size() - lower - 1] - scores[lower]);
}

template <typename Real>
ConfidenceInterval exact_interval(std::vector<Real> scores) {
  std::sort(scores.begin(), scores.end());
  return {static_cast<Real>(exact_mean(scores)), half_width_of_sorted(scores)};
}

template <typename Real>
ConfidenceInterval numpy_interval(std::vector<Real> scores) {
  std::sort(scores.begin(), scores.end());  // before the mean: rounding depends on the order
  return {numpy_mean(scores), half_width_of_sorted(scores)};
}

template <typename Real>
PairedBootstrap compare(const std::vector<Real>& baseline, const std::vector<Real>& system,
                        double difference) {
  check(!system.empty() && baseline.size() == system.size(),
        "paired bootstrap: {} scores of the baseline, {} of the system", baseline.size(),
        system.size());
  std::vector<Real> differences(system.size());
  for (std::size_t i = 0; i < system.size(); ++i) {
    differences[i] = std::abs(system[i] - baseline[i]);
  }
  const Real mean = numpy_mean(differences);
  const auto observed = static_cast<Real>(difference);
  const auto as_large = std::count_if(differences.begin(), differences.end(),
                                      [&](Real value) { return value - mean > observed; });
  PairedBootstrap result;
  result.baseline = numpy_interval(baseline);
  result.system = numpy_interval(system);
  result.p_value = static_cast<double>(as_large + 1) / static_cast<double>(differences.size() + 1);
  return result;
}

}  // namespace

std::vector<float> resample_totals(const SentenceStatistics& statistics,
                                   const BootstrapOptions& options) {
  check_usage(options.samples >= 2 && options.samples <= max_samples,
              "bootstrap: {} samples asked for; at least 2 are needed, {} at most are taken",
              options.samples, max_samples);
  const std::size_t rows = statistics.rows(), columns = statistics.columns();
  check_data(rows > 0 && rows < UINT32_MAX, "bootstrap: cannot resample {} sentences", rows);
  std::vector<float> table;
  table.reserve(rows * columns);
  for (std::size_t row = 0; row < rows; ++row) {
    const auto counts = statistics.row(row);
    table.insert(table.end(), counts.begin(), counts.end());
  }
  NumpyRandom random(options.seed);
  std::vector<float> totals(static_cast<std::size_t>(options.samples) * columns, 0.0f);
  for (std::size_t sample = 0; sample < totals.size(); sample += columns) {
    for (std::size_t draw = 0; draw < rows; ++draw) {
      const float* row = &table[random.below(static_cast<std::uint32_t>(rows)) * columns];
      for (std::size_t column = 0; column < columns; ++column) {
        totals[sample + column] += row[column];
      }
    }
  }
  return totals;
}

std::vector<double> resample_scores(const Metric& metric, const SentenceStatistics& statistics,
                                    const BootstrapOptions& options) {
  const std::vector<float> totals = resample_totals(statistics, options);
  std::vector<double> scores;
  for (std::size_t begin = 0; begin < totals.size(); begin += statistics.columns()) {
    scores.push_back(metric.resampled_score({totals.data() + begin, statistics.columns()}));
  }
  return scores;
}

ConfidenceInterval bootstrap_interval(const Metric& metric, const SentenceStatistics& statistics,
                                      const BootstrapOptions& options) {
  const std::vector<double> scores = resample_scores(metric, statistics, options);
  return metric.resampled_in_float32() ? exact_interval(in_float32(scores))
                                       : exact_interval(scores);
}

PairedBootstrap paired_bootstrap(const Metric& metric, const SentenceStatistics& baseline,
                                 const SentenceStatistics& system,
                                 const BootstrapOptions& options) {
  check_data(baseline.rows() == system.rows(),
             "paired bootstrap: the baseline has {} sentences, the system {}", baseline.rows(),
             system.rows());
  const double baseline_score = metric.score_of(baseline.total());
  const double system_score = metric.score_of(system.total());
  const double difference = std::abs(system_score - baseline_score);
  const std::vector<double> baseline_scores = resample_scores(metric, baseline, options);
  const std::vector<double> system_scores = resample_scores(metric, system, options);
  PairedBootstrap result =
      metric.resampled_in_float32()
          ? compare(in_float32(baseline_scores), in_float32(system_scores), difference)
          : compare(baseline_scores, system_scores, difference);
  result.baseline_score = baseline_score;
  result.system_score = system_score;
  return result;
}

}  // namespace heed
