// Stochastic depth: what share of examples skips a sublayer, and that it is the examples that do.
#include <gtest/gtest.h>

#include <cmath>

#include "heed/backends/reference/register.h"
#include "heed/nn/sublayer_connection.h"

namespace heed {
namespace {

class StochasticDepth : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { register_reference_backend(); }

  // The residual sum of 0 and a branch of ones: the factor of each row.
  static std::vector<double> factors(const Sequences& rows, double skipping,
                                     ForwardContext context) {
    const StackConfig config{.d_model = 1, .norm = "pre", .dropout = 0};
    const SublayerConnection connection(config, "encoder.3.self", skipping, reference_device);
    const Shape shape({rows.tokens(), 1});
    const Tensor zeros = Tensor::zeros(shape, DType::float64, reference_device);
    const Tensor ones = Tensor::empty(shape, DType::float64, reference_device);
    ones.fill(1);
    return connection.leave(zeros, ones, rows, context).to_doubles();
  }
};

TEST_F(StochasticDepth, SkipsTheExpectedShareOfExamplesAndKeepsTheMean) {
  const Sequences rows = make_sequences(std::vector<std::int32_t>(4000, 1));
  double skipped = 0, sum = 0;
  for (const double factor : factors(rows, 0.25, {.training = true, .dropout_key = 3})) {
    skipped += factor == 0 ? 1 : 0;
    sum += factor;
    EXPECT_TRUE(factor == 0 || std::abs(factor - 4.0 / 3) < 1e-4) << factor;
  }
  EXPECT_NEAR(skipped / 4000, 0.25, 0.03);
  EXPECT_NEAR(sum / 4000, 1, 0.04);
}

TEST_F(StochasticDepth, IsKeyedByTheExampleWhateverItsBatchAndLength) {
  const std::vector<std::int32_t> lengths = {2, 3, 1, 4, 2, 3}, fewer = {4, 1};
  const std::vector<std::int64_t> examples = {7, 1, 9, 4, 8, 2}, chosen = {4, 7};
  const ForwardContext context{.training = true, .dropout_key = 5};
  const auto all = factors(make_sequences(lengths, examples), 0.5, context);
  const auto some = factors(make_sequences(fewer, chosen), 0.5, context);
  EXPECT_EQ(all[0], all[1]);  // one factor for all tokens of an example
  EXPECT_EQ(all[6], all[9]);
  EXPECT_EQ(some[0], all[6]);  // example 4
  EXPECT_EQ(some[3], all[6]);
  EXPECT_EQ(some[4], all[0]);  // example 7
}

TEST_F(StochasticDepth, SkipsNothingOutsideTraining) {
  const Sequences rows = make_sequences(std::vector<std::int32_t>{2, 3});
  EXPECT_EQ(factors(rows, 0.9, {}), std::vector<double>(5, 1.0));
}

}  // namespace
}  // namespace heed
