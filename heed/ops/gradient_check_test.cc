// What the numerical check of gradients finds: it is what every op is held to.
#include "heed/autograd/gradient_check.h"

#include <gtest/gtest.h>

#include <limits>

#include "heed/autograd/gradient.h"
#include "heed/backends/reference/register.h"
#include "heed/ops/elementwise.h"

namespace heed {
namespace {

class GradientChecks : public testing::Test {
 protected:
  static void SetUpTestSuite() { register_reference_backend(); }

  static Tensor leaf(std::initializer_list<double> values) {
    return Tensor::from_values<double>(values, {static_cast<std::int64_t>(values.size())},
                                       reference_device);
  }
  // factor · x, whose backward pass takes `pretended` for the factor.
  static Tensor scaled(const Tensor& x, float factor, float pretended) {
    Tensor y;
    {
      const NoGradientScope forward;
      y = ops::scale(x, factor);
    }
    return record("scaled", y, {x}, [slot = gradient_slot(x), pretended](const Tensor& dy) {
      slot.give(ops::scale(dy, pretended));
    });
  }
};

TEST_F(GradientChecks, AcceptRightGradients) {
  const Tensor x = leaf({1, -2, 3}), y = leaf({0.5, 0.25, 4});
  const GradientCheck check =
      check_gradients({x, y}, [&] { return ops::sum(ops::multiply(x, y)); });
  EXPECT_LT(check.worst, 1e-9) << check.report;
}

// On the scale of the leaf's own gradients, however small they are.
TEST_F(GradientChecks, FindASmallWrongGradient) {
  const Tensor x = leaf({1, -2, 3});
  const auto loss = [&](float pretended) {
    return [&x, pretended] { return ops::sum(scaled(x, 1e-4f, pretended)); };
  };
  EXPECT_LT(check_gradients({x}, loss(1e-4f)).worst, 1e-6);
  EXPECT_NEAR(check_gradients({x}, loss(1.01e-4f)).worst, 0.01, 1e-3);
  EXPECT_NEAR(check_gradients({x}, loss(0)).worst, 1, 1e-6);
  constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(check_gradients({x}, loss(not_a_number)).worst < 1);
}

TEST_F(GradientChecks, AskEachLeaf) {
  const Tensor x = leaf({1, -2, 3}), lost = leaf({1, 2, 3});
  const auto without = [&] { return ops::sum(x); };
  EXPECT_THROW(check_gradients({x, lost}, without), Error);
  EXPECT_EQ(
      check_gradients({lost}, [&] { return ops::add(ops::sum(x), ops::scale(ops::sum(lost), 0)); },
                      {.some_without_effect = true})
          .worst,
      0);
  // A gradient arrives, but it is 0.
  const auto cancelled = [&] {
    return ops::add(ops::sum(x), ops::add(ops::sum(lost), ops::scale(ops::sum(lost), -1)));
  };
  EXPECT_THROW(check_gradients({x, lost}, cancelled), Error);
  EXPECT_LT(check_gradients({x, lost}, cancelled, {.some_without_effect = true}).worst, 1e-9);
  // An effect whose gradient got lost is found even where some may have none.
  const auto detached = [&] { return ops::add(ops::sum(x), ops::sum(lost.detach())); };
  EXPECT_THROW(check_gradients({x, lost}, detached), Error);
  EXPECT_EQ(check_gradients({x, lost}, detached, {.some_without_effect = true}).worst, 1);
}

}  // namespace
}  // namespace heed
