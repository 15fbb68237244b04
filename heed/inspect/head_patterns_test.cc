#include "heed/inspect/head_patterns.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "heed/base/error.h"

namespace heed {
namespace {

// A square of zeros with weights at [query, key].
std::vector<float> pattern_weights(std::size_t n, std::vector<std::pair<std::size_t, float>> keys) {
  std::vector<float> weights(n * n, 0.0f);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    weights[i * n + keys[i].first] = keys[i].second;
  }
  return weights;
}

TEST(HeadPatterns, AreSharesOfTheWeights) {
  const std::vector<std::int32_t> tokens = {7, 8, 9, 7, 8, 8};
  // The third looks at itself, the fourth behind the first 7, the fifth behind the first 8; the
  // last at the second: a token that is the same.
  HeadPatternSums sums;
  sums.add(tokens, pattern_weights(6, {{0, 1}, {0, 1}, {2, 1}, {1, 1}, {2, 0.5f}, {1, 1}}));
  const HeadPatterns patterns = sums.means();
  EXPECT_DOUBLE_EQ(patterns.itself, 1.0 / 4);
  EXPECT_DOUBLE_EQ(patterns.previous, 0);
  EXPECT_DOUBLE_EQ(patterns.first, 0);
  EXPECT_DOUBLE_EQ(patterns.same, 1.0 / 3);       // 3, 4 and 5 were there before
  EXPECT_DOUBLE_EQ(patterns.induction, 1.5 / 3);  // of 5 behind the first 8; itself does not count
  EXPECT_EQ(pattern_text(patterns), "induction 50 %");
}

TEST(HeadPatterns, AddUpOverSequences) {
  HeadPatternSums sums;
  EXPECT_EQ(pattern_text(sums.means()), "");
  const std::vector<std::int32_t> tokens = {1, 2, 3, 4};
  sums.add(tokens, pattern_weights(4, {{0, 1}, {0, 1}, {1, 1}, {2, 1}}));
  EXPECT_DOUBLE_EQ(sums.means().previous, 1);
  EXPECT_DOUBLE_EQ(sums.means().same, 0);
  sums.add(tokens, pattern_weights(4, {{0, 1}, {0, 1}, {0, 1}, {2, 0.6f}}));
  EXPECT_FLOAT_EQ(static_cast<float>(sums.means().previous), 2.6f / 4);
  EXPECT_DOUBLE_EQ(sums.means().first, 1.0 / 4);
  EXPECT_EQ(pattern_text(sums.means()), "previous token 65 %");
  sums.add(tokens, pattern_weights(4, {{0, 1}, {0, 1}, {0, 1}, {0, 1}}));
  EXPECT_EQ(pattern_text(sums.means()), "first token 50 %");
  EXPECT_THROW(sums.add(tokens, std::vector<float>(4)), Error);
}

}  // namespace
}  // namespace heed
