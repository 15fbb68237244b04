// Means of what a run sums up.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace heed {

// Not a number where there is nothing to average, as when every update was skipped; always the same
// one, since machines differ in its sign.
inline double mean(double sum, std::int64_t count) {
  const double value = sum / static_cast<double>(count);
  return std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value;
}

}  // namespace heed
