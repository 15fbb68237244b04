// Functions of one number or one row.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace heed::reference {

inline double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

// The largest element, -inf of none, NaN if there is one.
template <typename T>
double row_max(const T* x, std::int64_t size) {
  double largest = -std::numeric_limits<double>::infinity();
  for (std::int64_t c = 0; c < size; ++c) {
    if (x[c] > largest || std::isnan(x[c])) {
      largest = x[c];
    }
    if (std::isnan(largest)) {
      break;
    }
  }
  return largest;
}

// NaN if there is a NaN or +inf, -inf of nothing but -inf.
template <typename T>
double log_sum_exp(const T* x, std::int64_t size) {
  const double largest = row_max(x, size);
  if (std::isinf(largest) && largest < 0) {
    return largest;
  }
  double sum = 0;
  for (std::int64_t c = 0; c < size; ++c) {
    sum += std::exp(x[c] - largest);
  }
  return largest + std::log(sum);
}

}  // namespace heed::reference
