#include "heed/kernels/elementwise.h"

#include <gtest/gtest.h>

#include <limits>

#include "heed/backends/cpu/families.h"
#include "heed/backends/cpu/test_kernels.h"
#include "heed/backends/reference/families.h"

namespace heed::cpu {
namespace {

constexpr Activation activations[] = {Activation::identity,    Activation::relu, Activation::gelu,
                                      Activation::gelu_tanh,   Activation::silu, Activation::tanh,
                                      Activation::relu_squared};

struct Size {
  std::int64_t rows, columns, gap;
};
constexpr Size sizes[] = {{0, 5, 0},  {3, 0, 0},   {1, 1, 0},   {2, 17, 3},  {7, 16, 0},
                          {5, 31, 1}, {3, 127, 0}, {2, 129, 7}, {4, 256, 0}, {3, 1009, 2}};

const std::uint64_t row_keys[] = {7, 0x123456789ABCDEFull, 1, 1ull << 40, 99, 100, 101};

DropoutStream stream_of(double rate) {
  return {.rate = static_cast<float>(rate),
          .key = 0xFEDCBA9876543210ull,
          .site = 5,
          .row_keys = row_keys};
}

class Elementwise : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_elementwise();
    reference::register_elementwise();
  }
};

TEST_F(Elementwise, DropoutDrawsWhatTheContractSays) {
  for_each_target([](ExecutionContext& context) {
    for (const double rate : {0.1, 0.5, 1.0 / 65536, 0.999}) {
      const DropoutStream stream = stream_of(rate);
      Tensor x = Tensor::empty({7, 300});
      x.fill(1);
      dropout(context, x, stream, x);
      for (std::int64_t r = 0; r < 7; ++r) {
        for (std::int64_t c = 0; c < 300; ++c) {
          const float expected = stream.keeps(row_keys[r], c) ? stream.scale() : 0;
          ASSERT_EQ(x.values<float>()[static_cast<std::size_t>(r * 300 + c)], expected)
              << r << ' ' << c << " at rate " << rate;
        }
      }
    }
  });
}

TEST_F(Elementwise, DropoutKeepsTheRightShare) {
  ExecutionContext context = context_for(cpu_device);
  Tensor x = Tensor::empty({100, 1000});
  x.fill(1);
  dropout(context, x, {.rate = 0.3f, .key = 1, .site = 2}, x);
  double sum = 0;
  for (const float value : x.values<float>()) {
    sum += value;
  }
  EXPECT_NEAR(sum / 1e5, 1, 0.01);
}

TEST_F(Elementwise, ScaleAdd) {
  for_each_target([](ExecutionContext& context) {
    for (const auto& [rows, columns, gap] : sizes) {
      for (const float beta : {0.0f, 1.0f, -0.5f}) {
        const Tensor x = random_rows(rows, columns, 1, gap);
        const Tensor y = random_rows(rows, columns, 2, 0);
        const Tensor expected = wide(y);
        ExecutionContext plain = reference_context();
        scale_add(plain, wide(x), 0.7f, beta, expected);
        scale_add(context, x, 0.7f, beta, y);
        expect_close(y, expected, 2e-7, 2);
      }
    }
  });
}

TEST_F(Elementwise, ScaleAddWithoutBetaDoesNotReadTheResult) {
  ExecutionContext context = context_for(cpu_device);
  const Tensor x = random_rows(3, 40, 1);
  const Tensor y = Tensor::empty({3, 40});
  y.fill(std::numeric_limits<double>::quiet_NaN());
  scale_add(context, x, 1, 0, y);
  expect_close(y, x, 0);
}

TEST_F(Elementwise, Multiply) {
  for_each_target([](ExecutionContext& context) {
    for (const auto& [rows, columns, gap] : sizes) {
      for (const bool accumulate : {false, true}) {
        const Tensor x1 = random_rows(rows, columns, 1, gap);
        const Tensor x2 = random_rows(rows, columns, 2, 0);
        const Tensor y = random_rows(rows, columns, 3, gap);
        const Tensor expected = wide(y);
        ExecutionContext plain = reference_context();
        multiply(plain, wide(x1), wide(x2), accumulate, expected);
        multiply(context, x1, x2, accumulate, y);
        expect_close(y, expected, 2e-7, 4);
      }
    }
  });
}

TEST_F(Elementwise, ActivationsAndTheirGradients) {
  for_each_target([](ExecutionContext& context) {
    ExecutionContext plain = reference_context();
    for (const Activation activation : activations) {
      for (const auto& [rows, columns, gap] : sizes) {
        for (const double rate : {0.0, 0.25}) {
          SCOPED_TRACE(testing::Message() << static_cast<int>(activation) << ": " << rows << " x "
                                          << columns << ", dropout " << rate);
          const DropoutStream stream = stream_of(rate);
          const Tensor x = random_rows(rows, columns, 1, gap, 3);
          const Tensor dy = random_rows(rows, columns, 2, gap);
          const Tensor y = copy_of(x);
          const Tensor expected = wide(x);
          activation_forward(plain, activation, expected, stream, expected);
          activation_forward(context, activation, y, stream, y);
          expect_close(y, expected, 1e-6, 1e-3);
          const Tensor dx = copy_of(dy);
          const Tensor dx_expected = wide(dy);
          activation_backward(plain, activation, wide(x), dx_expected, stream, dx_expected);
          activation_backward(context, activation, x, dx, stream, dx);
          expect_close(dx, dx_expected, 2e-6, 1);
        }
      }
    }
  });
}

// Over the whole range, relative to the result itself: tails included.
TEST_F(Elementwise, ActivationsAreAccurateInTheTails) {
  for_each_target([](ExecutionContext& context) {
    ExecutionContext plain = reference_context();
    Tensor x = Tensor::empty({1, 20001});
    for (int i = 0; i <= 20000; ++i) {
      x.values<float>()[static_cast<std::size_t>(i)] = static_cast<float>(i - 10000) * 1e-3f;
    }
    const Tensor y = copy_of(x);
    for (const Activation activation : activations) {
      const Tensor expected = wide(x);
      activation_forward(plain, activation, expected, {}, expected);
      activation_forward(context, activation, x, {}, y);
      // The reference forms 1 + tanh, which has no tail to compare with. Without fused products
      // the square in gelu's exponent, up to 50, is rounded.
      expect_close(y, expected, activation == Activation::gelu ? 5e-6 : 1e-6,
                   activation == Activation::gelu_tanh ? 1e-2 : 1e-30);
    }
  });
}

TEST_F(Elementwise, ScaledRows) {
  for_each_target([](ExecutionContext& context) {
    ExecutionContext plain = reference_context();
    for (const auto& [rows, columns, gap] : sizes) {
      for (const bool accumulate : {false, true}) {
        const Tensor x = random_rows(rows, columns, 1, gap);
        const Tensor factors = random_rows(1, rows, 2);
        const Tensor y = random_rows(rows, columns, 3);
        const Tensor expected = wide(y);
        scale_rows(plain, wide(x), wide(factors), accumulate, expected);
        scale_rows(context, x, factors, accumulate, y);
        expect_close(y, expected, 2e-7, 4);
        EXPECT_THROW(scale_rows(context, x, random_rows(1, rows + 1, 2), false, y), Error);
      }
    }
  });
}

TEST_F(Elementwise, ReluBackwardFromItsOutput) {
  ExecutionContext context = context_for(cpu_device);
  const DropoutStream stream = stream_of(0.4);
  const Tensor x = random_rows(5, 200, 1);
  const Tensor dy = random_rows(5, 200, 2);
  const Tensor y = Tensor::empty({5, 200});
  activation_forward(context, Activation::relu, x, stream, y);
  const Tensor from_input = Tensor::empty({5, 200});
  const Tensor from_output = Tensor::empty({5, 200});
  activation_backward(context, Activation::relu, x, dy, stream, from_input);
  activation_backward(context, Activation::relu, y, dy, stream, from_output);
  expect_close(from_output, from_input, 0);
}

TEST_F(Elementwise, GatedUnitsAndTheirGradients) {
  for_each_target([](ExecutionContext& context) {
    ExecutionContext plain = reference_context();
    for (const Activation activation :
         {Activation::silu, Activation::gelu, Activation::gelu_tanh, Activation::relu_squared}) {
      for (const auto& [rows, columns, gap] : sizes) {
        for (const double rate : {0.0, 0.25}) {
          const DropoutStream stream = stream_of(rate);
          const Tensor x = random_rows(rows, 2 * columns, 1, gap);
          const Tensor dy = random_rows(rows, columns, 2, gap);
          const Tensor y = Tensor::empty({rows, columns});
          const Tensor expected = wide(y);
          gated_forward(plain, activation, wide(x), stream, expected);
          gated_forward(context, activation, x, stream, y);
          expect_close(y, expected, 1e-6, 1);
          const Tensor dx = copy_of(x);
          const Tensor dx_expected = wide(x);
          gated_backward(plain, activation, wide(x), wide(dy), stream, dx_expected);
          gated_backward(context, activation, x, dy, stream, dx);
          expect_close(dx, dx_expected, 2e-6, 1);
        }
      }
    }
  });
}

TEST_F(Elementwise, NotANumberPassesThrough) {
  for_each_target([](ExecutionContext& context) {
    for (const Activation activation : activations) {
      const Tensor x = random_rows(2, 35, 1);
      x.values<float>()[20] = std::numeric_limits<float>::quiet_NaN();
      x.values<float>()[69] = std::numeric_limits<float>::quiet_NaN();
      const Tensor dy = random_rows(2, 35, 2);
      const Tensor y = Tensor::empty({2, 35});
      activation_forward(context, activation, x, {}, y);
      EXPECT_TRUE(std::isnan(y.values<float>()[20]));
      EXPECT_TRUE(std::isnan(y.values<float>()[69]));
      EXPECT_FALSE(std::isnan(y.values<float>()[21]));
      dy.values<float>()[3] = std::numeric_limits<float>::quiet_NaN();
      x.values<float>()[3] = 1;
      activation_backward(context, activation, x, dy, {}, y);
      EXPECT_TRUE(std::isnan(y.values<float>()[3]));
    }
  });
}

TEST_F(Elementwise, SameBitsAtAnyNumberOfThreads) {
  const Tensor x = random_rows(301, 514, 1);
  const Tensor dy = random_rows(301, 514, 2);
  expect_same_bits([&](ExecutionContext& context) {
    const DropoutStream stream{.rate = 0.1f, .key = 3, .site = 4};
    const Tensor y = Tensor::empty(x.shape());
    const Tensor dx = Tensor::empty(x.shape());
    const Tensor sum = copy_of(x);
    activation_forward(context, Activation::gelu, x, stream, y);
    activation_backward(context, Activation::gelu, x, dy, stream, dx);
    scale_add(context, dy, 0.3f, 0.7f, sum);
    return std::vector<Tensor>{y, dx, sum};
  });
}

TEST_F(Elementwise, RefusesWrongShapes) {
  ExecutionContext context = context_for(cpu_device);
  const Tensor x = random_rows(3, 4, 1);
  EXPECT_THROW(scale_add(context, x, 1, 0, random_rows(3, 5, 1)), Error);
  EXPECT_THROW(multiply(context, x, random_rows(2, 4, 1), false, x), Error);
  EXPECT_THROW(gated_forward(context, Activation::silu, x, {}, random_rows(3, 4, 1)), Error);
  EXPECT_THROW(dropout(context, wide(x), {}, wide(x)), Error);
}

}  // namespace
}  // namespace heed::cpu
