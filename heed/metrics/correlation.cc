#include "heed/metrics/correlation.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "heed/base/error.h"

namespace heed {

namespace {

constexpr double sum_unit = 1e-9;

// Measured from their mean, in units of their deviation; zeros where they are all the same.
std::vector<double> standardised(std::span<const double> values) {
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0;
  for (const double value : values) {
    squares += (value - mean) * (value - mean);
  }
  const double deviation = std::sqrt(squares / count);
  std::vector<double> result(values.size(), 0);
  // What is left of equal numbers by rounding is no deviation.
  if (deviation > 1e-13 * std::abs(mean)) {
    std::transform(values.begin(), values.end(), result.begin(),
                   [&](double value) { return (value - mean) / deviation; });
  }
  return result;
}

std::vector<double> ranks_of(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && values[order[end]] == values[order[begin]]) {
      ++end;
    }
    for (std::size_t i = begin; i < end; ++i) {
      ranks[order[i]] = static_cast<double>(begin + end + 1) / 2;
    }
  }
  return ranks;
}

}  // namespace

SentenceStatistics correlation_statistics(std::span<const double> predicted,
                                          std::span<const double> right) {
  check(predicted.size() == right.size(), "correlation: {} predictions for {} numbers",
        predicted.size(), right.size());
  for (const auto& values : {predicted, right}) {
    check(std::all_of(values.begin(), values.end(),
                      [](double value) { return std::isfinite(value); }),
          "correlation: a number that is not finite");
  }
  const std::vector<double> sides[4] = {standardised(predicted), standardised(right),
                                        standardised(ranks_of(predicted)),
                                        standardised(ranks_of(right))};
  SentenceStatistics rows(11);
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    std::vector<std::int64_t> row = {1};
    for (std::size_t side = 0; side < 4; side += 2) {
      const double x = sides[side][i], y = sides[side + 1][i];
      for (const double value : {x, y, x * x, y * y, x * y}) {
        row.push_back(std::llround(value / sum_unit));
      }
    }
    rows.append(row);
  }
  return rows;
}

Correlation Correlation::pearson() {
  return {{.key = "pearson", .name = "Pearson", .unit = "points of Pearson's correlation"}, 1};
}

Correlation Correlation::spearman() {
  return {{.key = "spearman", .name = "Spearman", .unit = "points of Spearman's correlation"}, 6};
}

template <typename Number>
double Correlation::score(std::span<const Number> totals) const {
  const auto mean = [&](std::size_t column) {
    return static_cast<double>(totals[first_ + column]) * sum_unit / static_cast<double>(totals[0]);
  };
  if (totals[0] <= 0) {
    return 0;
  }
  const double x = mean(0), y = mean(1);
  const double spread = (mean(2) - x * x) * (mean(3) - y * y);
  return spread > 0 ? 100 * std::clamp((mean(4) - x * y) / std::sqrt(spread), -1.0, 1.0) : 0;
}

template double Correlation::score(std::span<const std::int64_t>) const;
template double Correlation::score(std::span<const float>) const;

}  // namespace heed
