#include "heed/comparison/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace heed {
namespace {

TEST(JoinWords, ReadsAsALine) {
  EXPECT_EQ(join_words({}), "");
  EXPECT_EQ(join_words({"a"}), "a");
  EXPECT_EQ(join_words({"a", "b"}), "a and b");
  EXPECT_EQ(join_words({"a", "b", "c"}, " or "), "a, b or c");
}

TEST(NamedScore, TheSignOfAPercentageStandsAfter) {
  EXPECT_EQ(named_score({.name = "% right", .decimals = 1}, 93.04), "right: 93.0 %");
  EXPECT_EQ(named_score({.name = "F", .decimals = 2}, 0.5), "F: 0.50");
}

TEST(SpreadText, TellsTheDeviationOfSeveral) {
  EXPECT_EQ(spread_text({}, 1), "–");
  EXPECT_EQ(spread_text(std::vector<double>{1.25}, 2), "1.25");
  EXPECT_EQ(spread_text(std::vector<double>{1, 3}, 1), "2.0 ± 1.4");
  EXPECT_EQ(by_seed_text(std::vector<double>{1, 3}, 1), "by seed: 1.0, 3.0");
  EXPECT_EQ(capitalised("bits"), "Bits");
  EXPECT_EQ(capitalised("% of tokens"), "% of tokens");
  EXPECT_EQ(capitalised(""), "");
}

}  // namespace
}  // namespace heed
