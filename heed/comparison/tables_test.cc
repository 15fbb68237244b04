// Which cells stand out.
#include "heed/comparison/tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace heed {
namespace {

using ::testing::ElementsAre;

// A pair in which the first is better by one, for sure or not.
PairSummary pair_of(std::size_t first, std::size_t second, bool sure) {
  PairSummary pair{.first = first, .second = second};
  pair.difference.difference = 1;
  pair.difference.lower = sure ? 0.5 : -0.5;
  pair.difference.upper = 1.5;
  return pair;
}

TEST(LeadingVariants, EndAtTheFirstThatIsBeaten) {
  // Ranking 2, 0, 1, 3: variant 1 is beaten by the best, and 3, which varies a lot, by none.
  const std::vector<PairSummary> pairs = {pair_of(2, 0, false), pair_of(2, 1, true),
                                          pair_of(2, 3, false), pair_of(0, 1, false),
                                          pair_of(0, 3, false), pair_of(1, 3, false)};
  EXPECT_THAT(leading_variants(4, pairs), ElementsAre(true, false, true, false));
}

TEST(LeadingVariants, AreNoneWhereAllAreAlike) {
  EXPECT_THAT(leading_variants(2, {pair_of(1, 0, false)}), ElementsAre(false, false));
  EXPECT_THAT(leading_variants(1, {}), ElementsAre(false));
}

}  // namespace
}  // namespace heed
