// Rotations and shared biases: gradients against central differences in float64.
#include "heed/ops/rotary.h"

#include <gtest/gtest.h>

#include "heed/autograd/gradient_check.h"
#include "heed/backends/reference/register.h"
#include "heed/base/random.h"
#include "heed/ops/bias_table.h"
#include "heed/ops/elementwise.h"

namespace heed {
namespace {

class RotaryOps : public testing::Test {
 protected:
  static void SetUpTestSuite() { register_reference_backend(); }

  static Tensor random(const Shape& shape, std::uint64_t seed) {
    Random numbers(seed);
    std::vector<double> values(static_cast<std::size_t>(shape.element_count()));
    for (double& value : values) {
      value = numbers.normal();
    }
    return Tensor::from_values<double>(values, shape, reference_device);
  }
  static void expect_gradients(const Tensor& x, const std::function<Tensor()>& op) {
    const GradientCheck check = check_gradients({x}, [&] {
      const Tensor y = op();
      return ops::sum(ops::multiply(y, random(y.shape(), 99)));
    });
    EXPECT_LT(check.worst, 1e-8) << check.report;
  }
};

TEST_F(RotaryOps, RotateAnyPairOfTables) {
  const Tensor x = random({4, 10}, 1), cosines = random({3, 2}, 2), sines = random({3, 2}, 3);
  const Tensor positions = Tensor::from_values<std::int32_t>({2, 0, 1, 2}, {4});
  for (const auto layout : {RotaryLayout::halves, RotaryLayout::interleaved}) {
    const auto turned = [&](const Tensor& of) {
      return ops::rotate(of, positions, cosines, sines, 2, layout);
    };
    expect_gradients(x, [&] { return turned(x); });
    expect_gradients(x, [&] { return ops::multiply(turned(x), ops::add(x, turned(x))); });
    expect_gradients(x, [&] {  // a strided view
      return ops::multiply(ops::rotate(ops::split_columns(x, std::vector<std::int64_t>{4, 6})[0],
                                       positions, cosines, sines, 1, layout),
                           ops::split_columns(x, std::vector<std::int64_t>{6, 4})[1]);
    });
  }
  EXPECT_THROW(ops::rotate(x, positions, cosines, sines, 5, RotaryLayout::halves), Error);
}

TEST_F(RotaryOps, SpreadBiasesOverPlaces) {
  const Tensor table = random({3, 2}, 1);
  const Tensor ids = Tensor::from_values<std::int32_t>({2, 0, 2, 1, 2, 0}, {6});
  const auto values = table.to_doubles();
  const Tensor spread = ops::spread_biases(table, ids, {2, 3, 2});
  ASSERT_EQ(spread.shape(), Shape({2, 3, 2}));
  for (std::size_t head = 0; head < 2; ++head) {
    for (std::size_t place = 0; place < 6; ++place) {
      const auto id = static_cast<std::size_t>(ids.values<std::int32_t>()[place]);
      EXPECT_EQ(spread.to_doubles()[head * 6 + place], values[id * 2 + head]);
    }
  }
  expect_gradients(table, [&] {
    return ops::multiply(ops::spread_biases(table, ids, {2, 3, 2}),
                         ops::spread_biases(table, ids, {2, 3, 2}));
  });
  EXPECT_THROW(ops::spread_biases(table, ids, {3, 4}), Error);
}

}  // namespace
}  // namespace heed
