#include "heed/inspect/attention_stack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "heed/base/error.h"
#include "heed/inspect/sample_attention.h"

namespace heed {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;
using ::testing::ThrowsMessage;

AttentionStack two_heads() {
  return {.name = "encoder",
          .kind = "encoder self-attention",
          .row_labels = {"a", "b"},
          .column_labels = {"a", "b"},
          .layers = {{{1, 3}, {1.0f, 0.0f, 0.5f, 0.5f, 0.0f, 1.0f, 0.5f, 0.5f}},
                     {{2}, {0.0f, 1.0f, 1.0f, 0.0f}}}};
}

TEST(ChooseMap, TakesAHeadTheMeanOrTheMaximum) {
  const AttentionStack stack = two_heads();
  const AttentionMap head = choose_map(stack, 1, HeadChoice::parse("3"));
  EXPECT_THAT(head.weights, ElementsAre(0.0f, 1.0f, 0.5f, 0.5f));
  EXPECT_EQ(layer_and_head(head), "layer 1, head 3");
  const AttentionMap mean = choose_map(stack, 1, HeadChoice::parse("mean"));
  EXPECT_THAT(mean.weights, ElementsAre(0.5f, 0.5f, 0.5f, 0.5f));
  EXPECT_EQ(layer_and_head(mean), "layer 1, mean of heads");
  EXPECT_THAT(choose_map(stack, 1, HeadChoice::parse("max")).weights,
              ElementsAre(1.0f, 1.0f, 0.5f, 0.5f));
}

TEST(ChooseMap, RefusesWhatIsNotThere) {
  const AttentionStack stack = two_heads();
  EXPECT_THAT(
      [&] { choose_map(stack, 1, HeadChoice::parse("2")); },
      ThrowsMessage<Error>(HasSubstr("encoder self-attention, layer 1 has no head 2, only 1, 3")));
  EXPECT_THAT([&] { choose_map(stack, 3, {}); },
              ThrowsMessage<Error>(HasSubstr("has no layer 3, only 1 to 2")));
  EXPECT_THAT([&] { choose_map(stack, 0, {}); }, ThrowsMessage<Error>(HasSubstr("no layer 0")));
  for (const char* text : {"0", "-1", "1x", "", "min"}) {
    EXPECT_THAT([&] { HeadChoice::parse(text); },
                ThrowsMessage<Error>(HasSubstr("a number from 1, mean, max or rollout")));
  }
  AttentionStack damaged = two_heads();
  damaged.layers[1].weights.pop_back();
  EXPECT_THAT([&] { check_attention_stack(damaged); },
              ThrowsMessage<Error>(HasSubstr("layer 2: 3 weights for 1 heads, 2 rows, 2 columns")));
}

TEST(MeanRowEntropy, IsInBits) {
  const float sharp[] = {1, 0, 0, 0, 0, 1, 0, 0};
  EXPECT_EQ(mean_row_entropy(sharp, 2, 4), 0);
  const float even[] = {0.25f, 0.25f, 0.25f, 0.25f, 0.5f, 0.5f, 0, 0};
  EXPECT_DOUBLE_EQ(mean_row_entropy(even, 2, 4), 1.5);
  const float damaged[] = {std::numeric_limits<float>::quiet_NaN(), 1};
  EXPECT_TRUE(std::isnan(mean_row_entropy(damaged, 1, 2)));
  EXPECT_TRUE(std::isnan(mean_row_entropy(nullptr, 0, 2)));
}

TEST(AttentionRollout, MultipliesTheLayersWithTheirResiduals) {
  // (W1 + I) / 2 with W1 = [1/2 1/2; 1/2 1/2], then (W2 + I) / 2 with W2 = [0 1; 1 0].
  const auto rollout = attention_rollout(two_heads());
  ASSERT_EQ(rollout.size(), 2u);
  EXPECT_THAT(rollout[0], ElementsAre(0.75f, 0.25f, 0.25f, 0.75f));
  EXPECT_THAT(rollout[1], ElementsAre(0.5f, 0.5f, 0.5f, 0.5f));
}

TEST(AttentionRollout, RowsSumToOneAndStayCausal) {
  const AttentionStack stack = sample_stack("decoder", 4, 3, 9, 9);
  for (const std::vector<float>& layer : attention_rollout(stack)) {
    for (std::size_t i = 0; i < 9; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < 9; ++j) {
        sum += layer[i * 9 + j];
        EXPECT_TRUE(j <= i || layer[i * 9 + j] == 0);
      }
      EXPECT_NEAR(sum, 1, 1e-6);
    }
  }
  const AttentionStack cross = sample_stack("cross", 1, 1, 3, 4);
  EXPECT_THAT([&] { attention_rollout(cross); },
              ThrowsMessage<Error>(HasSubstr("a rollout is for self-attention")));
}

}  // namespace
}  // namespace heed
