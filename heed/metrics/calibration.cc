#include "heed/metrics/calibration.h"

#include <algorithm>
#include <cmath>

#include "heed/base/error.h"

namespace heed {

namespace {

void check_sizes(std::size_t values, std::int64_t classes, std::span<const std::int32_t> right) {
  check(classes > 0 && values == right.size() * static_cast<std::size_t>(classes),
        "calibration: {} values for {} examples of {} classes", values, right.size(), classes);
  for (const std::int32_t number : right) {
    check(number >= 0 && number < classes, "calibration: class {} of {}", number, classes);
  }
}

// Of −Σ log p(right) at the inverse temperature: the derivative, which rises with it.
double slope_at(double inverse, std::span<const float> logits, std::int64_t classes,
                std::span<const std::int32_t> right) {
  const auto width = static_cast<std::size_t>(classes);
  double slope = 0;
  for (std::size_t i = 0; i < right.size(); ++i) {
    const auto row = logits.subspan(i * width, width);
    const double top = *std::max_element(row.begin(), row.end());
    double sum = 0, weighted = 0;
    for (const float logit : row) {
      const double weight = std::exp(inverse * (logit - top));
      sum += weight;
      weighted += weight * logit;
    }
    slope += weighted / sum - row[static_cast<std::size_t>(right[i])];
  }
  return slope;
}

}  // namespace

std::vector<double> probabilities_of(std::span<const float> logits, std::int64_t classes,
                                     double temperature) {
  const auto width = static_cast<std::size_t>(classes);
  std::vector<double> result(logits.size());
  for (std::size_t begin = 0; begin < logits.size(); begin += width) {
    const auto row = logits.subspan(begin, width);
    const double top = *std::max_element(row.begin(), row.end());
    double sum = 0;
    for (std::size_t c = 0; c < width; ++c) {
      result[begin + c] = std::exp((row[c] - top) / temperature);
      sum += result[begin + c];
    }
    for (std::size_t c = 0; c < width; ++c) {
      result[begin + c] /= sum;
    }
  }
  return result;
}

double calibration_error(std::span<const double> probabilities, std::int64_t classes,
                         std::span<const std::int32_t> right, int bins) {
  check_sizes(probabilities.size(), classes, right);
  check(bins > 0, "calibration: {} bins", bins);
  std::vector<double> surplus(static_cast<std::size_t>(bins), 0);  // certainty minus hits
  const auto width = static_cast<std::size_t>(classes);
  for (std::size_t i = 0; i < right.size(); ++i) {
    const auto row = probabilities.subspan(i * width, width);
    const auto top = std::max_element(row.begin(), row.end());
    const double place = std::ceil(*top * bins) - 1;
    const auto bin = static_cast<std::size_t>(std::clamp(place, 0.0, bins - 1.0));
    surplus[bin] += *top - (top - row.begin() == right[i] ? 1 : 0);
  }
  double error = 0;
  for (const double value : surplus) {
    error += std::abs(value);
  }
  return right.empty() ? 0 : error / static_cast<double>(right.size());
}

double best_temperature(std::span<const float> logits, std::int64_t classes,
                        std::span<const std::int32_t> right) {
  check_sizes(logits.size(), classes, right);
  // The likelihood is concave in the inverse temperature: halve the range in which the slope
  // changes its sign.
  double low = std::log(1 / 20.0), high = std::log(20.0);
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (slope_at(std::exp(middle), logits, classes, right) < 0 ? low : high) = middle;
  }
  return std::exp(-(low + high) / 2);
}

}  // namespace heed
