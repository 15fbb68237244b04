// Every op: its gradient against central differences in float64 on the reference backend.
#include <gtest/gtest.h>

#include <cmath>

#include "heed/autograd/gradient_check.h"
#include "heed/backends/reference/register.h"
#include "heed/base/random.h"
#include "heed/ops/elementwise.h"
#include "heed/ops/embedding.h"
#include "heed/ops/linear.h"
#include "heed/ops/normalization.h"
#include "heed/ops/softmax.h"

namespace heed {
namespace {

class Ops : public testing::Test {
 protected:
  static void SetUpTestSuite() { register_reference_backend(); }

  Tensor random(const Shape& shape) {
    std::vector<double> values(static_cast<std::size_t>(shape.element_count()));
    for (double& value : values) {
      value = random_.normal();
    }
    return Tensor::from_values<double>(values, shape, reference_device);
  }
  static Tensor ids(std::initializer_list<std::int32_t> values) {
    return Tensor::from_values<std::int32_t>(values, {static_cast<std::int64_t>(values.size())},
                                             reference_device);
  }
  // A scalar that depends on every element differently.
  Tensor weighted_sum(const Tensor& y) {
    const Random before = random_;
    random_ = Random(99);
    const Tensor weights = random(y.shape());
    random_ = before;
    return ops::sum(ops::multiply(y, weights));
  }
  void expect_gradients(const std::vector<Tensor>& leaves, const std::function<Tensor()>& op) {
    const GradientCheck check = check_gradients(leaves, [&] { return weighted_sum(op()); });
    EXPECT_LT(check.worst, 1e-8) << check.report;
  }

  DropoutStream stream_{.rate = 0.4f, .key = 77, .site = 3};

 private:
  Random random_{1};
};

TEST_F(Ops, SumsAndProducts) {
  const Tensor a = random({3, 5}), b = random({3, 5});
  expect_gradients({a, b}, [&] { return ops::add(a, b); });
  expect_gradients({a}, [&] { return ops::add(a, a); });
  expect_gradients({a, b}, [&] { return ops::multiply(a, ops::scale(b, -0.7f)); });
  EXPECT_THROW(ops::add(a, random({5, 3})), Error);
}

TEST_F(Ops, ActivationsWithDropout) {
  const Tensor x = random({4, 7});
  for (const auto activation :
       {Activation::identity, Activation::relu, Activation::gelu, Activation::gelu_tanh,
        Activation::silu, Activation::tanh, Activation::relu_squared}) {
    expect_gradients({x}, [&] { return ops::activate(x, activation); });
    expect_gradients({x}, [&] { return ops::activate(x, activation, stream_); });
  }
  expect_gradients({x}, [&] { return ops::dropout(x, stream_); });
  const Tensor wide = random({4, 10});
  for (const auto activation :
       {Activation::silu, Activation::gelu, Activation::gelu_tanh, Activation::relu_squared}) {
    expect_gradients({wide}, [&] { return ops::gate(wide, activation, stream_); });
  }
}

TEST_F(Ops, SplitColumnsGathersGradientsOfItsParts) {
  const Tensor x = random({3, 6});
  const std::vector<std::int64_t> widths = {1, 3, 2};
  expect_gradients({x}, [&] {
    const auto parts = ops::split_columns(x, widths);
    return ops::multiply(ops::add(parts[1], parts[1]), parts[1]);  // two parts stay unused
  });
  expect_gradients({x}, [&] {
    const auto parts = ops::split_columns(x, widths);
    const Tensor product = ops::linear(parts[1], ops::split_columns(x, widths)[1], Tensor());
    return ops::add(product, ops::linear(parts[2], parts[2], Tensor()));
  });
}

TEST_F(Ops, Linear) {
  const Tensor x = random({4, 3}), w = random({5, 3}), b = random({5});
  expect_gradients({x, w, b}, [&] { return ops::linear(x, w, b); });
  expect_gradients({x, w}, [&] { return ops::linear(x, w, Tensor()); });
  expect_gradients({x, w, b}, [&] { return ops::linear_relu(x, w, b, stream_); });
  expect_gradients({w}, [&] { return ops::linear(w, w, Tensor()); });
  EXPECT_THROW(ops::linear(x, random({5, 4}), b), Error);
  const Tensor none = random({0, 3});
  EXPECT_EQ(ops::linear(none, w, b).shape(), Shape({0, 5}));
}

TEST_F(Ops, LinearReluEqualsItsComposition) {
  const Tensor x = random({6, 3}), w = random({130, 3}), b = random({130});
  EXPECT_EQ(ops::linear_relu(x, w, b, stream_).to_doubles(),
            ops::activate(ops::linear(x, w, b), Activation::relu, stream_).to_doubles());
}

TEST_F(Ops, Norms) {
  const Tensor x = random({4, 6}), branch = random({4, 6}), gain = random({6}), bias = random({6});
  expect_gradients({x, gain, bias}, [&] { return ops::layer_norm(x, gain, bias, 1e-5f); });
  expect_gradients({x, branch, gain, bias},
                   [&] { return ops::residual_layer_norm(x, branch, gain, bias, 1e-5f, stream_); });
  // x also reaches the result by another way, so its gradient is accumulated.
  expect_gradients({x, gain, bias}, [&] {
    return ops::add(ops::residual_layer_norm(x, ops::scale(x, 0.5f), gain, bias, 1e-5f, stream_),
                    x);
  });
  expect_gradients({x, branch}, [&] { return ops::residual_add(x, branch, stream_); });
  expect_gradients({x, gain}, [&] { return ops::rms_norm(x, gain, 1e-6f); });
}

TEST_F(Ops, Embedding) {
  const Tensor table = random({5, 4}), positions = random({3, 4});
  const Tensor tokens = ids({1, 4, 1, 0}), places = ids({0, 1, 2, 0});
  expect_gradients({table, positions},
                   [&] { return ops::embed(tokens, table, 2.0f, places, positions, stream_); });
  require_gradient(table);
  backward(weighted_sum(ops::embed(tokens, table, 2.0f, Tensor(), Tensor(), {}, 4)));
  const auto gradient = gradient_of(table).to_doubles();
  for (int column = 0; column < 4; ++column) {
    EXPECT_NE(gradient[static_cast<std::size_t>(4 + column)], 0.0);
    EXPECT_EQ(gradient[static_cast<std::size_t>(16 + column)], 0.0);  // the padding row
    EXPECT_EQ(gradient[static_cast<std::size_t>(8 + column)], 0.0);   // unused
  }
  EXPECT_THROW(ops::embed(ids({5}), table, 1, Tensor(), Tensor()), Error);
  EXPECT_THROW(ops::embed(ids({-1}), table, 1, Tensor(), Tensor()), Error);
}

TEST_F(Ops, Softmax) {
  const Tensor x = random({3, 5});
  expect_gradients({x}, [&] { return ops::softmax(x); });
  const auto log_probabilities = ops::log_softmax(x).to_doubles();
  const auto probabilities = ops::softmax(x).to_doubles();
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    EXPECT_NEAR(std::exp(log_probabilities[i]), probabilities[i], 1e-14);
  }
}

TEST_F(Ops, ProjectionCrossEntropy) {
  const Tensor x = random({6, 4}), w = random({9, 4}), b = random({1, 9});
  const Tensor targets = ids({0, 8, -1, 3, 3, 5});
  const auto loss = [&](float smoothing) {
    return ops::projection_cross_entropy(x, {w, b}, targets,
                                         {.smoothing = smoothing, .scale = 0.25f});
  };
  for (const float smoothing : {0.0f, 0.1f}) {
    const GradientCheck check = check_gradients({x, w, b}, [&] { return loss(smoothing).loss; });
    EXPECT_LT(check.worst, 1e-8) << check.report;
  }
  // Against the log-probabilities of the targets.
  const Tensor counted = ids({0, 8, 1, 3, 3, 5});
  const auto each = ops::projection_log_probabilities(x, {w, b}, counted);
  const double expected = -(each[0] + each[1] + each[3] + each[4] + each[5]);
  EXPECT_NEAR(loss(0.0f).sums.loss, expected, 1e-12);
  EXPECT_NEAR(loss(0.1f).sums.plain_loss, expected, 1e-12);
  EXPECT_EQ(loss(0.0f).sums.count, 5);
}

// Whether it comes alone, in a struct or in the options of a kernel.
TEST_F(Ops, OperandsThatLiveElsewhereAreRefused) {
  const auto expect_refused = [](const std::function<void()>& call) {
    try {
      call();
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("lives on cpu"), std::string::npos) << error.what();
    }
  };
  const Tensor x = random({4, 3}), w = random({5, 3}), b = random({5});
  expect_refused([&] { ops::add(x, x.to(cpu_device)); });
  expect_refused([&] { ops::linear(x, w.to(cpu_device), b); });
  expect_refused([&] { ops::linear(x, w, b.to(cpu_device)); });
  expect_refused([&] { ops::layer_norm(x, random({3}), random({3}).to(cpu_device), 1e-5f); });
  // Ids are brought over.
  const Tensor on_host = ids({1, 0}).to(cpu_device);
  EXPECT_EQ(ops::embed(on_host, w, 1, Tensor(), Tensor()).to_doubles(),
            ops::embed(ids({1, 0}), w, 1, Tensor(), Tensor()).to_doubles());
}

TEST_F(Ops, NoGradientScopeRecordsNothing) {
  const Tensor x = random({2, 2});
  require_gradient(x);
  {
    const NoGradientScope scope;
    EXPECT_FALSE(wants_gradient(ops::scale(x, 2)));
  }
  EXPECT_TRUE(wants_gradient(ops::scale(x, 2)));
}

}  // namespace
}  // namespace heed
