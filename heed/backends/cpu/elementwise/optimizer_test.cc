#include "heed/kernels/optimizer.h"

#include <gtest/gtest.h>

#include <limits>

#include "heed/backends/cpu/families.h"
#include "heed/backends/cpu/test_kernels.h"
#include "heed/backends/reference/families.h"

namespace heed::cpu {
namespace {

class Optimizer : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_optimizer();
    reference::register_optimizer();
  }
};

// Three steps from the same start; returns weights, moments, average.
std::vector<Tensor> steps(ExecutionContext& on, std::int64_t size, DType dtype, bool coupled,
                          bool average) {
  const Tensor weights = copy_of(random_rows(1, size, 1), dtype);
  const Tensor m = Tensor::zeros({1, size}, dtype, on.device);
  const Tensor v = Tensor::zeros({1, size}, dtype, on.device);
  const Tensor mean = weights.clone();
  for (int t = 1; t <= 3; ++t) {
    const Tensor gradient =
        copy_of(random_rows(1, size, static_cast<std::uint64_t>(10 + t), 0, 0.1), dtype);
    adam_step(on, {.weights = weights,
                   .gradient = gradient,
                   .first_moment = m,
                   .second_moment = v,
                   .average = average ? mean.view() : View(),
                   .learning_rate = 1e-2,
                   .beta1 = 0.9,
                   .beta2 = 0.98,
                   .epsilon = 1e-9,
                   .weight_decay = 0.1,
                   .coupled_decay = coupled,
                   .gradient_scale = 0.5,
                   .correction1 = 1 - std::pow(0.9, t),
                   .correction2 = 1 - std::pow(0.98, t),
                   .average_decay = 0.9});
  }
  return {weights, m, v, mean};
}

TEST_F(Optimizer, AdamMatchesTheReference) {
  for_each_target([](ExecutionContext& context) {
    ExecutionContext plain = reference_context();
    for (const std::int64_t size : {0, 1, 15, 17, 1009, 33001}) {
      for (const bool coupled : {false, true}) {
        for (const bool average : {false, true}) {
          const auto expected = steps(plain, size, DType::float64, coupled, average);
          const auto got = steps(context, size, DType::float32, coupled, average);
          expect_close(got[0], expected[0], 3e-7, 1);
          expect_close(got[1], expected[1], 3e-7, 0.1);
          expect_close(got[2], expected[2], 1e-6, 0.01);
          expect_close(got[3], expected[3], 3e-7, 1);
        }
      }
    }
  });
}

TEST_F(Optimizer, AdamShowsNotANumber) {
  ExecutionContext context = context_for(cpu_device);
  const Tensor weights = random_rows(1, 33, 1);
  const Tensor gradient = random_rows(1, 33, 2);
  gradient.values<float>()[32] = std::numeric_limits<float>::quiet_NaN();
  const Tensor m = Tensor::zeros({33});
  const Tensor v = Tensor::zeros({33});
  adam_step(context, {.weights = weights,
                      .gradient = gradient,
                      .first_moment = m,
                      .second_moment = v,
                      .learning_rate = 0.1});
  EXPECT_TRUE(std::isnan(weights.values<float>()[32]));
  EXPECT_FALSE(std::isnan(weights.values<float>()[31]));
}

TEST_F(Optimizer, SumOfSquaresIsExactToRounding) {
  for_each_target([](ExecutionContext& context) {
    ExecutionContext plain = reference_context();
    for (const std::int64_t rows : {0, 1, 3, 200}) {
      for (const std::int64_t columns : {1, 17, 1009}) {
        for (const std::int64_t gap : {0, 5}) {
          const Tensor x = random_rows(rows, columns, 1, gap, 1e10);
          const double expected = sum_of_squares(plain, wide(x));
          EXPECT_NEAR(sum_of_squares(context, x), expected, 1e-13 * expected);
        }
      }
    }
  });
}

TEST_F(Optimizer, SumOfSquaresDoesNotOverflowAndShowsNotANumber) {
  ExecutionContext context = context_for(cpu_device);
  const Tensor x = Tensor::empty({100});
  x.fill(3e38);
  EXPECT_NEAR(sum_of_squares(context, x) / 9e78, 1, 1e-6);
  x.values<float>()[99] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(sum_of_squares(context, x)));
}

TEST_F(Optimizer, SameBitsAtAnyNumberOfThreads) {
  const Tensor x = random_rows(1, 100001, 1);
  expect_same_bits([&](ExecutionContext& context) {
    std::vector<Tensor> results = steps(context, 66003, DType::float32, false, true);
    results.push_back(Tensor::from_values<double>({sum_of_squares(context, x)}, {1}));
    return results;
  });
}

TEST_F(Optimizer, RefusesWrongSizes) {
  ExecutionContext context = context_for(cpu_device);
  const Tensor a = Tensor::zeros({4});
  const Tensor b = Tensor::zeros({5});
  EXPECT_THROW(
      adam_step(context, {.weights = a, .gradient = b, .first_moment = a, .second_moment = a}),
      Error);
}

}  // namespace
}  // namespace heed::cpu
