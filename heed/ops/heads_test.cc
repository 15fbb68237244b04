// Maps head by head: against their formulas, and their gradients against central differences.
#include "heed/ops/heads.h"

#include <gtest/gtest.h>

#include <cmath>

#include "heed/autograd/gradient_check.h"
#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/base/random.h"
#include "heed/ops/elementwise.h"
#include "heed/ops/rows.h"

namespace heed {
namespace {

class Heads : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_reference_backend();
    register_cpu_backend();
  }

  static Tensor random(const Shape& shape, std::uint64_t seed) {
    Random numbers(seed);
    std::vector<double> values(static_cast<std::size_t>(shape.element_count()));
    for (double& value : values) {
      value = static_cast<float>(numbers.normal());
    }
    return Tensor::from_values<double>(values, shape, reference_device);
  }

  // Gradients of a weighted sum in float64; then value and gradients of the CPU backend.
  // `wide` is a leaf of which the op reads columns 3 …, as q is a slice of a projection.
  using Op = std::function<Tensor(const Tensor& x, const Tensor& parameter)>;
  static void expect_right(const Tensor& wide, const Tensor& parameter, const Op& op) {
    const auto loss = [&](const Tensor& x, const Tensor& p) {
      const std::int64_t widths[] = {3, x.size(1) - 3};
      const Tensor y = op(ops::split_columns(x, widths)[1], p);
      return ops::sum(ops::multiply(y, random(y.shape(), 99).to(y.device()).to(y.dtype())));
    };
    const GradientCheck check =
        check_gradients({wide, parameter}, [&] { return loss(wide, parameter); });
    EXPECT_LT(check.worst, 1e-8) << check.report;

    const Tensor x = wide.to(cpu_device).to(DType::float32);
    const Tensor p = parameter.to(cpu_device).to(DType::float32);
    require_gradient(x);
    require_gradient(p);
    clear_gradient(wide);
    clear_gradient(parameter);
    const Tensor exact = loss(wide, parameter);
    const Tensor got = loss(x, p);
    EXPECT_NEAR(got.item(), exact.item(), 1e-4);
    backward(exact);
    backward(got);
    for (const auto& [a, b] : {std::pair(x, wide), std::pair(p, parameter)}) {
      const auto near = gradient_of(a).to_doubles();
      const auto expected = gradient_of(b).to_doubles();
      for (std::size_t i = 0; i < near.size(); ++i) {
        ASSERT_NEAR(near[i], expected[i], 1e-5 * (1 + std::abs(expected[i])));
      }
    }
  }
};

TEST_F(Heads, AreNormalizedAlone) {
  const Tensor x = random({5, 6}, 1), gain = random({3}, 2);
  const auto y = ops::rms_norm_heads(x, gain, 0.1f).to_doubles();
  const auto in = x.to_doubles();
  const auto g = gain.to_doubles();
  for (std::size_t at = 0; at < 30; at += 3) {
    const double squares = in[at] * in[at] + in[at + 1] * in[at + 1] + in[at + 2] * in[at + 2];
    for (std::size_t c = 0; c < 3; ++c) {
      EXPECT_NEAR(y[at + c], in[at + c] / std::sqrt(squares / 3 + double{0.1f}) * g[c], 1e-12);
    }
  }
  expect_right(random({5, 9}, 3), gain, [](const Tensor& part, const Tensor& p) {
    return ops::rms_norm_heads(part, p, 0.1f);
  });
  EXPECT_THROW(ops::rms_norm_heads(x, random({4}, 1), 0.1f), Error);
}

TEST_F(Heads, AreScaledAlone) {
  const Tensor x = random({2, 6}, 1), factors = random({3}, 2);
  const auto y = ops::scale_columns(x, factors).to_doubles();
  const auto in = x.to_doubles();
  const auto f = factors.to_doubles();
  for (std::size_t i = 0; i < 12; ++i) {
    EXPECT_EQ(y[i], in[i] * f[i % 6 / 2]);
  }
  expect_right(random({7, 9}, 3), factors,
               [](const Tensor& part, const Tensor& p) { return ops::scale_columns(part, p); });
  const Tensor each = random({6}, 4);
  expect_right(random({7, 9}, 3), each,
               [](const Tensor& part, const Tensor& p) { return ops::scale_columns(part, p); });
  EXPECT_THROW(ops::scale_columns(x, random({4}, 1)), Error);
}

TEST_F(Heads, AreMultipliedByMatricesOfTheirOwn) {
  const Tensor x = random({3, 4}, 1), weight = random({4, 3}, 2);
  const auto y = ops::linear_heads(x, weight, 2).to_doubles();
  const auto in = x.to_doubles();
  const auto w = weight.to_doubles();
  for (std::size_t r = 0; r < 3; ++r) {
    for (std::size_t c = 0; c < 6; ++c) {
      const std::size_t h = c / 3;
      EXPECT_NEAR(y[r * 6 + c],
                  in[r * 4 + 2 * h] * w[2 * h * 3 + c % 3] +
                      in[r * 4 + 2 * h + 1] * w[(2 * h + 1) * 3 + c % 3],
                  1e-12);
    }
  }
  expect_right(random({5, 7}, 3), weight,
               [](const Tensor& part, const Tensor& p) { return ops::linear_heads(part, p, 2); });
  EXPECT_THROW(ops::linear_heads(x, weight, 3), Error);
}

TEST_F(Heads, ExponentialsStopAtTheLargest) {
  const Tensor x = Tensor::from_values<double>({-1, 0.5, 3}, {3}, reference_device);
  const auto y = ops::exponentials(x, 2).to_doubles();
  EXPECT_EQ(y, (std::vector<double>{std::exp(-1), std::exp(0.5), std::exp(2)}));
  expect_right(random({5, 9}, 3), x, [](const Tensor& part, const Tensor& p) {
    return ops::scale_columns(part, ops::exponentials(p, 2));
  });
}

}  // namespace
}  // namespace heed
