// Rows taken, joined, scaled and reshaped; softmax over the tokens of sequences; mapped logits:
// gradients against central differences, and what is refused.
#include "heed/ops/rows.h"

#include <gtest/gtest.h>

#include <cmath>

#include "heed/autograd/gradient_check.h"
#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/base/random.h"
#include "heed/ops/elementwise.h"
#include "heed/ops/softmax.h"

namespace heed {
namespace {

class Rows : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_reference_backend();
    register_cpu_backend();
  }

  static Tensor random(const Shape& shape, std::uint64_t seed) {
    Random numbers(seed);
    std::vector<double> values(static_cast<std::size_t>(shape.element_count()));
    for (double& value : values) {
      value = numbers.normal();
    }
    return Tensor::from_values<double>(values, shape, reference_device);
  }
  static Tensor ids(std::initializer_list<std::int32_t> values, const Shape& shape) {
    return Tensor::from_values<std::int32_t>(values, shape, reference_device);
  }
  static Tensor weighted_sum(const Tensor& y) {
    return ops::sum(ops::multiply(y, random(y.shape(), 99)));
  }
  static void expect_gradients(const std::vector<Tensor>& leaves,
                               const std::function<Tensor()>& loss) {
    const GradientCheck check = check_gradients(leaves, loss);
    EXPECT_LT(check.worst, 1e-8) << check.report;
  }
};

TEST_F(Rows, AreGatheredInAnyOrderAndAgain) {
  const Tensor x = random({5, 3}, 1);
  const Tensor index = ids({4, 0, 4, 2, 4}, {5});
  const Tensor y = ops::gather_rows(x, index);
  EXPECT_EQ(y.rows(0, 1).to_doubles(), x.rows(4, 5).to_doubles());
  EXPECT_EQ(y.rows(3, 4).to_doubles(), x.rows(2, 3).to_doubles());
  expect_gradients({x}, [&] { return weighted_sum(ops::gather_rows(x, index)); });
  // Where x is used twice the gradients add up.
  expect_gradients({x}, [&] { return weighted_sum(ops::add(ops::gather_rows(x, index), x)); });
  EXPECT_EQ(ops::gather_rows(x, ids({}, {0})).shape(), Shape({0, 3}));
  EXPECT_THROW(ops::gather_rows(x, ids({5}, {1})), Error);
  EXPECT_THROW(ops::gather_rows(x, ids({-1}, {1})), Error);
  EXPECT_THROW(ops::gather_rows(x, ids({0, 1}, {2, 1})), Error);
  EXPECT_THROW(ops::gather_rows(random({5}, 1), index), Error);
  EXPECT_THROW(ops::gather_rows(x, random({2}, 1)), Error);  // an index is int32
  EXPECT_THROW(ops::gather_rows(random({0, 3}, 1), ids({0}, {1})), Error);
}

TEST_F(Rows, OfASequenceHaveAMean) {
  const Tensor x = random({6, 3}, 1);
  const std::vector<std::int32_t> offsets = {0, 2, 3, 6};
  const Tensor y = ops::sequence_means(x, offsets);
  EXPECT_EQ(y.shape(), Shape({3, 3}));
  const auto values = x.to_doubles(), means = y.to_doubles();
  EXPECT_NEAR(means[1], (values[1] + values[4]) / 2, 1e-15);
  EXPECT_EQ(means[3], values[6]);
  EXPECT_NEAR(means[8], (values[11] + values[14] + values[17]) / 3, 1e-15);
  expect_gradients({x}, [&] { return weighted_sum(ops::sequence_means(x, offsets)); });
  expect_gradients({x}, [&] {
    return weighted_sum(ops::concat_rows(std::vector{ops::sequence_means(x, offsets), x}));
  });
  EXPECT_THROW(ops::sequence_means(x, std::vector<std::int32_t>{0, 2, 2, 6}), Error);
  EXPECT_THROW(ops::sequence_means(x, std::vector<std::int32_t>{0, 2}), Error);
}

TEST_F(Rows, AreJoined) {
  const Tensor a = random({2, 3}, 1), b = random({1, 3}, 2), none = random({0, 3}, 3);
  const Tensor y = ops::concat_rows(std::vector{a, none, b});
  EXPECT_EQ(y.shape(), Shape({3, 3}));
  EXPECT_EQ(y.rows(0, 2).to_doubles(), a.to_doubles());
  EXPECT_EQ(y.rows(2, 3).to_doubles(), b.to_doubles());
  expect_gradients({a, b}, [&] { return weighted_sum(ops::concat_rows(std::vector{a, b, a})); });
  const Tensor wide = random({2, 7}, 4);
  const std::vector<std::int64_t> widths = {3, 4};
  expect_gradients({wide, b}, [&] {
    return weighted_sum(ops::concat_rows(std::vector{ops::split_columns(wide, widths)[0], b}));
  });
  EXPECT_THROW(ops::concat_rows({}), Error);
  EXPECT_THROW(ops::concat_rows(std::vector{a, random({2, 4}, 1)}), Error);
  EXPECT_THROW(ops::concat_rows(std::vector{a, a.to(DType::float32)}), Error);
  EXPECT_THROW(ops::concat_rows(std::vector{a, a.to(cpu_device)}), Error);
}

TEST_F(Rows, AreScaledByConstants) {
  const Tensor x = random({3, 4}, 1);
  const Tensor factors = Tensor::from_values<double>({0, 1.5, -2}, {3}, reference_device);
  const auto y = ops::scale_rows(x, factors).to_doubles();
  const auto in = x.to_doubles();
  for (std::size_t c = 0; c < 4; ++c) {
    EXPECT_EQ(y[c], 0);
    EXPECT_EQ(y[4 + c], 1.5 * in[4 + c]);
    EXPECT_EQ(y[8 + c], -2 * in[8 + c]);
  }
  expect_gradients({x}, [&] { return weighted_sum(ops::scale_rows(x, factors)); });
  expect_gradients({x}, [&] { return weighted_sum(ops::add(x, ops::scale_rows(x, factors))); });
  EXPECT_THROW(ops::scale_rows(x, random({4}, 1)), Error);
  const Tensor learned = factors.clone();
  require_gradient(learned);
  EXPECT_THROW(ops::scale_rows(x, learned), Error);
}

TEST_F(Rows, AreReshapedInPlace) {
  const Tensor x = random({4, 6}, 1);
  const Tensor y = ops::reshape(x, {8, 3});
  EXPECT_EQ(y.view().data, x.view().data);
  expect_gradients({x}, [&] {
    const Tensor folded = ops::reshape(x, {2, 12});
    return weighted_sum(ops::multiply(folded, folded));
  });
  // Its gradient gathers in columns of a wider buffer, which do not lie side by side.
  const std::vector<std::int64_t> widths = {4, 2};
  expect_gradients({x}, [&] {
    const auto parts = ops::split_columns(ops::reshape(x, {4, 6}), widths);
    return weighted_sum(ops::multiply(parts[1], parts[1]));
  });
  EXPECT_THROW(ops::reshape(x, {5, 5}), Error);
  EXPECT_THROW(ops::reshape(x.columns(0, 3), {12}), Error);
}

TEST_F(Rows, SpansOfSequences) {
  const Tensor scores = random({9, 2}, 1);
  const std::vector<std::int32_t> offsets = {0, 3, 3, 4, 9};
  const Tensor targets = ids({2, 1, -1, -1, 0, 0, -1, 4}, {4, 2});
  const auto logs = ops::sequence_log_softmax(scores, offsets).to_doubles();
  double expected = -(logs[4] + logs[3] + logs[6] + logs[7] + logs[8 * 2 + 1]);
  const auto loss = [&](float smoothing) {
    return ops::sequence_cross_entropy(scores, offsets, targets,
                                       {.smoothing = smoothing, .scale = 0.25f});
  };
  EXPECT_NEAR(loss(0).sums.loss, expected, 1e-12);
  EXPECT_NEAR(loss(0).loss.item(), expected / 4, 1e-12);
  EXPECT_NEAR(loss(0.1f).sums.plain_loss, expected, 1e-12);
  EXPECT_EQ(loss(0).sums.count, 5);
  double first = 0;
  for (const std::size_t row : {0, 1, 2}) {
    first += std::exp(logs[row * 2]);
  }
  EXPECT_NEAR(first, 1, 1e-12);
  for (const float smoothing : {0.0f, 0.1f}) {
    // Twice the loss: its weight in backward() counts.
    expect_gradients({scores}, [&] { return ops::scale(loss(smoothing).loss, 2); });
  }
  const auto refused = [&](const std::vector<std::int32_t>& where, const Tensor& wanted) {
    EXPECT_THROW(ops::sequence_cross_entropy(scores, where, wanted, {}), Error);
  };
  refused(offsets, ids({3, 1, -1, -1, 0, 0, -1, 4}, {4, 2}));
  refused(offsets, ids({-2, 1, -1, -1, 0, 0, -1, 4}, {4, 2}));
  refused(offsets, ids({2, 1, 0, -1, 0, 0, -1, 4}, {4, 2}));  // of an empty sequence
  refused({0, 3, 2, 4, 9}, targets);
  refused({0, 3, 3, 4, 8}, targets);
  refused({1, 3, 3, 4, 9}, targets);
  refused({0, 9}, targets);
  EXPECT_THROW(ops::sequence_log_softmax(scores, std::vector<std::int32_t>{}), Error);
}

TEST_F(Rows, MappedLogits) {
  const Tensor x = random({6, 4}, 1), weight = random({9, 4}, 2), bias = random({1, 9}, 3);
  const Tensor targets = ids({0, 8, -1, 3, 3, 5}, {6});
  for (const auto& [scale, cap] : {std::pair(0.5f, 0.0f), {1.0f, 2.0f}, {1.75f, 1.5f}}) {
    const ops::Projection projection{weight, bias, scale, cap};
    for (const float smoothing : {0.0f, 0.1f}) {
      expect_gradients({x, weight, bias}, [&] {
        return ops::projection_cross_entropy(x, projection, targets,
                                             {.smoothing = smoothing, .scale = 0.25f})
            .loss;
      });
    }
    expect_gradients({x, weight, bias}, [&] { return weighted_sum(ops::project(x, projection)); });
    // The same loss from logits that were mapped before.
    const NoGradientScope no_gradients;
    const Tensor logs = ops::log_softmax(ops::project(x, projection));
    const Tensor counted = ids({0, 8, 1, 3, 3, 5}, {6});
    const auto each = ops::projection_log_probabilities(x, projection, counted);
    EXPECT_NEAR(each[1], logs.rows(1, 2).columns(8, 9).item(), 1e-12);
    const double expected = -(each[0] + each[1] + each[3] + each[4] + each[5]);
    EXPECT_NEAR(ops::projection_cross_entropy(x, projection, targets, {}).sums.loss, expected,
                1e-12);
  }
  const Tensor plain = ops::project(x, {weight, bias});
  const Tensor capped = ops::project(x.detach(), {weight.detach(), bias.detach(), 2.0f, 3.0f});
  for (std::size_t i = 0; i < 54; ++i) {
    EXPECT_NEAR(capped.to_doubles()[i], 3 * std::tanh(2 * plain.to_doubles()[i] / 3), 1e-12);
  }
  for (const auto& [scale, cap] : {std::pair(NAN, 0.0f), {1.0f, -1.0f}, {1.0f, NAN}}) {
    EXPECT_THROW(ops::projection_cross_entropy(x, {weight, bias, scale, cap}, targets, {}), Error);
  }
}

}  // namespace
}  // namespace heed
