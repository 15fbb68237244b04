// Adapters: gradients against central differences, and merging.
#include "heed/models/low_rank.h"

#include <gtest/gtest.h>

#include "heed/autograd/gradient_check.h"
#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/base/error.h"
#include "heed/models/headed_encoder.h"
#include "heed/ops/elementwise.h"

namespace heed {
namespace {

HeadedEncoderConfig small() {
  HeadedEncoderConfig config;
  config.d_model = 8;
  config.heads = 2;
  config.feed_forward_size = 12;
  config.layers = 2;
  config.max_length = 16;
  config.dropout = 0;
  config.masked_head = false;
  config.initial_deviation = 0.5;  // so that attention is far from even, and all gradients count
  config.head = {.kind = "sequence", .labels = {"a", "b", "c"}};
  config.lora = {.rank = 2, .alpha = 6, .targets = {"q_proj", "v_proj", "fc2"}};
  return config;
}

class LowRank : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_reference_backend();
    register_cpu_backend();
  }
  static Inputs inputs() {
    const std::vector<std::int32_t> ids = {3, 1, 4, 1, 5}, lengths = {2, 3};
    return {.ids = Tensor::from_values<std::int32_t>(ids, {5}), .rows = make_sequences(lengths)};
  }
  static Tensor scores(const HeadedEncoder& model, const Inputs& in) {
    ForwardContext context;
    const auto adapted = model.adapted();
    return model.scores(model.encode(in, context), context);
  }
};

TEST_F(LowRank, GradientsAreThoseOfTheProduct) {
  HeadedEncoder model(small(), 9, reference_device);
  std::vector<Tensor> leaves;
  for (const NamedParameter& item : parameters_of(model)) {
    if (item.name.find(".lora_") != std::string::npos) {
      // B begins with zeros, at which A would have no gradient.
      const Tensor& value = item.parameter->value;
      std::vector<double> numbers;
      for (std::int64_t i = 0; i < value.element_count(); ++i) {
        numbers.push_back(0.1 * static_cast<double>(i % 5) - 0.17);
      }
      value.copy_from(Tensor::from_values<double>(numbers, value.shape(), reference_device));
      leaves.push_back(value);
    } else {
      item.parameter->rate = 0;
    }
  }
  ASSERT_EQ(leaves.size(), 12u);
  const Inputs in = inputs();
  const GradientCheck check = check_gradients(leaves, [&] {
    const Tensor y = scores(model, in);
    return ops::sum(ops::multiply(y, y));
  });
  EXPECT_LT(check.worst, 1e-7) << check.report;
}

TEST_F(LowRank, MergedWeightsGiveTheSame) {
  HeadedEncoder model(small(), 9);
  const Inputs in = inputs();
  HeadedEncoderConfig plain = small();
  plain.lora = {};
  // With B of zeros the model is the one without adapters.
  EXPECT_EQ(scores(model, in).to_doubles(), scores(HeadedEncoder(plain, 9), in).to_doubles());
  for (const NamedParameter& item : parameters_of(model)) {
    if (item.name.ends_with("lora_b")) {
      item.parameter->value.fill(0.3);
    }
  }
  const auto before = scores(model, in).to_doubles();
  EXPECT_NE(before, scores(HeadedEncoder(plain, 9), in).to_doubles());
  model.merge_adapters();
  EXPECT_EQ(model.config().lora.rank, 0);
  EXPECT_EQ(scores(model, in).to_doubles(), before);
  for (const NamedParameter& item : parameters_of(model)) {
    EXPECT_EQ(item.name.find("lora"), std::string::npos);
  }
}

TEST_F(LowRank, WhatMakesNoSenseIsRefused) {
  HeadedEncoderConfig config = small();
  config.lora.targets = {"gate"};
  EXPECT_THROW(HeadedEncoder(config, 9), Error);
  config = small();
  config.lora.rank = 9;
  EXPECT_THROW(HeadedEncoder(config, 9), Error);
}

}  // namespace
}  // namespace heed
