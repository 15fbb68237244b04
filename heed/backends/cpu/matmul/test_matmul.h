// For tests of matrix products: random operands, and results against the reference backend in
// float64, on the scale of what was summed.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "heed/backends/cpu/families.h"
#include "heed/backends/reference/families.h"
#include "heed/kernels/matmul.h"
#include "heed/tensor/tensor.h"

namespace heed {

inline constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
inline constexpr float infinity = std::numeric_limits<float>::infinity();

// Errors on the scale of Σ|a||b|. A running float32 sum of terms of one sign errs in proportion to
// itself at each step, which chunks of the summed axis bound.
inline constexpr double mixed_signs = 1e-6;
inline constexpr double one_sign = 2e-6;

inline bool same_bits(const Tensor& x, const Tensor& y) {
  const Tensor dense_x = x.clone(), dense_y = y.clone();
  const auto left = dense_x.values<float>();
  const auto right = dense_y.values<float>();
  return left.size() == right.size() &&
         (left.empty() || std::memcmp(left.data(), right.data(), left.size() * sizeof(float)) == 0);
}

class MatmulTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    cpu::register_matmul();
    reference::register_matmul();
  }

  static ExecutionContext context(int threads) {
    static std::vector<std::unique_ptr<ThreadPool>> pools(64);
    auto& pool = pools[static_cast<std::size_t>(threads)];
    if (!pool) {
      pool = std::make_unique<ThreadPool>(threads);
    }
    return {cpu_device, pool.get()};
  }

  std::int64_t uniform(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }

  // Signs mixed, or all positive so that nothing cancels. Rows may be strided and start anywhere.
  Tensor matrix(std::int64_t rows, std::int64_t columns, bool strided = false,
                bool positive = false) {
    const std::int64_t before = strided ? uniform(0, 5) : 0;
    const std::int64_t after = strided ? uniform(0, 70) : 0;
    const Tensor whole = Tensor::empty({rows, before + columns + after});
    std::uniform_real_distribution<float> values(positive ? 0.0f : -1.0f, 1.0f);
    for (float& value : whole.values<float>()) {
      value = values(random_);
    }
    return whole.columns(before, before + columns);
  }

  // |got - exact| <= tolerance · (Σ|a||b| + |bias| + |c|), with `exact` from the reference in
  // float64 on the operands as the precision rounds them.
  static void expect_product(const Tensor& a, const Tensor& b, const Tensor& c_before,
                             const Tensor& got, const MatmulOptions& options, const Tensor& bias,
                             double tolerance, const std::string& what) {
    const auto wide = [&](const Tensor& x, bool rounded, bool magnitude) {
      const Tensor y = x.to(DType::float64).to(reference_device);
      for (double& value : y.values<double>()) {
        if (rounded && options.precision == MatmulPrecision::bfloat16) {
          value = static_cast<float>(BFloat16(static_cast<float>(value)));
        }
        value = magnitude ? std::abs(value) : value;
      }
      return y;
    };
    ExecutionContext context{reference_device, nullptr};
    const auto run = [&](bool magnitude) {
      const Tensor c = wide(c_before, false, magnitude);
      const Tensor wide_bias = bias.defined() ? wide(bias, false, magnitude) : Tensor();
      MatmulOptions wide_options = options;
      wide_options.alpha = magnitude ? std::abs(options.alpha) : options.alpha;
      wide_options.bias = bias.defined() ? ConstView(wide_bias) : ConstView();
      matmul(context, wide(a, true, magnitude), wide(b, true, magnitude), c, wide_options);
      return c.to_doubles();
    };
    const std::vector<double> exact = run(false);
    const std::vector<double> scale = run(true);
    const std::vector<double> values = got.to_doubles();
    double worst = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double error = std::abs(values[i] - exact[i]);
      ASSERT_FALSE(std::isnan(values[i])) << what;
      worst = std::max(worst, scale[i] > 0 ? error / scale[i] : error);
    }
    EXPECT_LE(worst, tolerance) << what;
  }

  // The same for a few hundred elements of a large product.
  void expect_samples(const Tensor& a, const Tensor& b, const Tensor& before, const Tensor& got,
                      const MatmulOptions& options, const std::string& what) {
    const auto left = a.values<float>();
    const auto right = b.values<float>();
    const std::int64_t m = got.size(0), n = got.size(1);
    const std::int64_t k = options.transpose_a ? a.size(0) : a.size(1);
    const auto operand = [&](float value) {
      return options.precision == MatmulPrecision::bfloat16 ? static_cast<float>(BFloat16(value))
                                                            : value;
    };
    for (int sample = 0; sample < 300; ++sample) {
      const std::int64_t i = sample == 0 ? m - 1 : uniform(0, m - 1);
      const std::int64_t j = sample == 0 ? n - 1 : uniform(0, n - 1);
      const auto place = static_cast<std::size_t>(i * n + j);
      double exact = options.accumulate ? before.values<float>()[place] : 0;
      double scale = std::abs(exact);
      for (std::int64_t p = 0; p < k; ++p) {
        const std::int64_t in_a = options.transpose_a ? p * m + i : i * k + p;
        const std::int64_t in_b = options.transpose_b ? j * k + p : p * n + j;
        const double term = double{operand(left[static_cast<std::size_t>(in_a)])} *
                            operand(right[static_cast<std::size_t>(in_b)]);
        exact += term;
        scale += std::abs(term);
      }
      ASSERT_NEAR(got.values<float>()[place], exact, mixed_signs * scale) << what;
    }
  }

  std::mt19937_64 random_{20240601};
};

}  // namespace heed
