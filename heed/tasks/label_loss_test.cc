// The losses of heads: gradients against central differences, values against PyTorch's formulas.
#include "heed/tasks/label_loss.h"

#include <gtest/gtest.h>

#include <cmath>

#include "heed/autograd/gradient_check.h"
#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/base/error.h"

namespace heed {
namespace {

class LabelLoss : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_reference_backend();
    register_cpu_backend();
  }
  static Tensor scores() {
    return Tensor::from_values<double>({0.3, -1.2, 2.1, 0.7, 0.1, -0.4, 30.0, -40.0, 5.0}, {3, 3},
                                       reference_device);
  }
  static void expect_gradients(const LabelTargets& targets, const LabelLossOptions& options) {
    const Tensor x = scores();
    const GradientCheck check =
        check_gradients({x}, [&] { return label_loss(x, targets, options).value; });
    EXPECT_LT(check.worst, 1e-7) << check.report;
  }
};

TEST_F(LabelLoss, OfOneClass) {
  const LabelTargets targets{.classes = {2, 0, -1}};
  expect_gradients(targets, {.scale = 0.5});
  expect_gradients(targets, {.smoothing = 0.1, .class_weights = {2, 1, 0.25}, .scale = 0.5});
  const Loss loss = label_loss(scores(), targets, {.scale = 0.5});
  const double first = std::log(std::exp(0.3) + std::exp(-1.2) + std::exp(2.1)) - 2.1;
  const double second = std::log(std::exp(0.7) + std::exp(0.1) + std::exp(-0.4)) - 0.7;
  EXPECT_NEAR(loss.plain, first + second, 1e-12);
  EXPECT_NEAR(loss.value.to_doubles()[0], 0.5 * (first + second), 1e-12);
  const Loss weighted = label_loss(scores(), targets, {.class_weights = {2, 1, 0.25}});
  EXPECT_NEAR(weighted.smoothed, 0.25 * first + 2 * second, 1e-12);
  EXPECT_NEAR(weighted.plain, first + second, 1e-12);
  EXPECT_THROW(label_loss(scores(), {.classes = {3, 0, 0}}, {}), Error);
  EXPECT_THROW(label_loss(scores(), {.classes = {0}}, {}), Error);
}

TEST_F(LabelLoss, OfSeveralLabels) {
  const LabelTargets targets{.values = {1, 0, 1, 0, 0, 1, 1, 0, 0}};
  expect_gradients(targets, {.problem = "multi_label"});
  expect_gradients(targets, {.problem = "multi_label", .class_weights = {2, 1, 0.5}});
  const Loss loss = label_loss(scores(), targets, {.problem = "multi_label"});
  EXPECT_TRUE(std::isfinite(loss.plain));
  const LabelTargets one{.values = {1}};
  const Tensor score = Tensor::from_values<double>({-0.5}, {1, 1}, reference_device);
  EXPECT_NEAR(label_loss(score, one, {.problem = "multi_label"}).plain, std::log1p(std::exp(0.5)),
              1e-12);
}

TEST_F(LabelLoss, OfNumbers) {
  const LabelTargets targets{.values = {1, 0, 1, 0, 0, 1, 29, -39, 0}};
  expect_gradients(targets, {.problem = "regression", .scale = 2});
  EXPECT_NEAR(label_loss(Tensor::from_values<double>({2.5}, {1, 1}, reference_device),
                         {.values = {1}}, {.problem = "regression"})
                  .plain,
              2.25, 1e-12);
}

}  // namespace
}  // namespace heed
