// For tests: how near numbers must be. NaN is near NaN alone, and an infinity near itself.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "heed/tensor/tensor.h"

namespace heed {

// |got - expected| <= tolerance, element by element: the rounding of float64, if nothing else is
// said.
inline void expect_near(const std::vector<double>& got, const std::vector<double>& expected,
                        double tolerance = 1e-12) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_NEAR(got[i], expected[i], tolerance) << "element " << i;
  }
}

// |got - expected| <= tolerance · max(scale, |expected|), element by element.
inline void expect_close(const std::vector<double>& got, const std::vector<double>& expected,
                         double tolerance, double scale = 1) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(std::isnan(got[i]), std::isnan(expected[i])) << "element " << i;
    if (!std::isnan(expected[i]) && got[i] != expected[i]) {
      ASSERT_NEAR(got[i], expected[i], tolerance * std::max(scale, std::abs(expected[i])))
          << "element " << i;
    }
  }
}
inline void expect_close(const Tensor& got, const Tensor& expected, double tolerance,
                         double scale = 1) {
  expect_close(got.to_doubles(), expected.to_doubles(), tolerance, scale);
}

// |got - expected| <= tolerance · the largest |expected| of the tensor, or `scale` if that is more:
// sums of terms as large as the others' may cancel.
inline void expect_close_to_largest(const Tensor& got, const Tensor& expected, double tolerance,
                                    double scale = 1) {
  for (const double value : expected.to_doubles()) {
    scale = std::isfinite(value) ? std::max(scale, std::abs(value)) : scale;
  }
  expect_close(got, expected, tolerance, scale);
}

}  // namespace heed
