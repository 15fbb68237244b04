#include "heed/inspect/attention_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "heed/base/error.h"

namespace heed {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr float nan_weight = std::numeric_limits<float>::quiet_NaN();

TEST(QuantiseWeights, ScalesToTheLargestFiniteWeight) {
  const auto result = quantise_weights(
      {0.0f, 0.25f, 0.5f, nan_weight, -0.1f, std::numeric_limits<float>::infinity()});
  EXPECT_DOUBLE_EQ(result.maximum, 0.5);
  EXPECT_THAT(result.levels, ElementsAre(0, 127, 254, 255, 0, 255));
}

TEST(QuantiseWeights, KeepsToTheAskedMaximum) {
  EXPECT_THAT(quantise_weights({0.5f, 1.0f, 2.0f}, 1.0).levels, ElementsAre(127, 254, 254));
}

TEST(QuantiseWeights, AllZeroStaysZero) {
  const auto result = quantise_weights({0.0f, 0.0f});
  EXPECT_EQ(result.maximum, 0.0);
  EXPECT_THAT(result.levels, ElementsAre(0, 0));
}

TEST(QuantiseWeights, LosesAtMostHalfAStep) {
  std::vector<float> weights;
  for (int i = 0; i <= 1000; ++i) {
    weights.push_back(0.8f * static_cast<float>(i) / 1000);
  }
  const auto result = quantise_weights(weights);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    EXPECT_NEAR(result.levels[i] * result.maximum / 254, weights[i], 0.5 * 0.8 / 254 + 1e-6);
  }
}

TEST(CheckAttentionMap, NamesTheSizes) {
  AttentionMap map{"hello", "self-attention", {"a", "b"}, {"c"}, 3, 7, {1.0f}};
  EXPECT_THAT([&] { check_attention_map(map); },
              ThrowsMessage<Error>(HasSubstr(
                  "attention map 'hello', layer 3, head 7: 1 weights for 2 rows × 1 columns")));
}

TEST(TokenLabel, FitsOneLine) {
  EXPECT_EQ(token_label(""), "∅");
  EXPECT_EQ(token_label("a\nb\tc"), "a↵b⇥c");
  EXPECT_EQ(token_label("▁Haus"), "▁Haus");
  EXPECT_EQ(token_label("abcdef", 4), "abcd…");
  EXPECT_EQ(token_label("abcd", 4), "abcd");
  EXPECT_EQ(token_label("\xFF"), "\xEF\xBF\xBD");
}

TEST(TokenLabel, NamesWhatIsNotToBeSeen) {
  EXPECT_EQ(token_label(" "), "␣");
  EXPECT_EQ(token_label("\n"), "↵");
  EXPECT_EQ(token_label(" a"), " a");
  EXPECT_EQ(token_label("\u200B"), "<U+200B>");
  EXPECT_EQ(token_label("\uFEFF\u00A0"), "<U+FEFF><U+00A0>");
  EXPECT_EQ(token_label("a\u200Db"), "a\u200Db");
  EXPECT_EQ(token_label(std::string(1, '\0')), "<U+0000>");
}

TEST(TokenLabel, KeepsCombiningMarksWithTheirLetter) {
  EXPECT_EQ(token_label("e\u0301e\u0301e\u0301", 2), "e\u0301e\u0301…");
}

TEST(EstimatedTextWidth, KnowsFullWidthCharacters) {
  EXPECT_DOUBLE_EQ(estimated_text_width("年月"), 2.0);
  EXPECT_DOUBLE_EQ(estimated_text_width("ab"), 1.2);
  EXPECT_DOUBLE_EQ(estimated_text_width("e\u0301"), 0.6);
}

}  // namespace
}  // namespace heed
