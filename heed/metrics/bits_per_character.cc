#include "heed/metrics/bits_per_character.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "heed/base/error.h"

namespace heed {

namespace {

constexpr double unit = 1e-6;  // bits
// What is worse counts as this: far beyond any guess, and sums of it still fit.
constexpr double most_bits = 1e6;

double ratio(double amount, double count) {
  return count > 0 ? amount * unit / count : 0;
}

}  // namespace

std::array<std::int64_t, BitsPerCharacter::columns> BitsPerCharacter::row(double log_probability,
                                                                          std::int64_t characters,
                                                                          std::int64_t tokens) {
  check(!std::isnan(log_probability), "bits per character: a log-probability that is no number");
  const double bits = std::min(-log_probability / std::numbers::ln2, most_bits);
  return {std::llround(bits / unit), characters, tokens};
}

const MetricStyle& BitsPerCharacter::style() const {
  static const MetricStyle style{.key = "bits_per_character",
                                 .name = "bits per character",
                                 .unit = "bits per character",
                                 .decimals = 3,
                                 .lower_is_better = true};
  return style;
}

double BitsPerCharacter::score_of(std::span<const std::int64_t> totals) const {
  return ratio(static_cast<double>(totals[0]), static_cast<double>(totals[1]));
}

double BitsPerCharacter::resampled_score(std::span<const float> totals) const {
  return ratio(totals[0], totals[1]);
}

double BitsPerCharacter::loss_of(std::span<const std::int64_t> totals) {
  return ratio(static_cast<double>(totals[0]), static_cast<double>(totals[2])) * std::numbers::ln2;
}

}  // namespace heed
