#include "heed/comparison/findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/comparison/test_comparisons.h"

namespace heed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(Findings, SaysHowFarEachVariantWorks) {
  const GroupSummary group = summarise(toy_example()).groups[0];
  EXPECT_EQ(group.variants[0].breaks_at, 0u);
  EXPECT_FALSE(group.variants[1].breaks_at.has_value());
  EXPECT_EQ(group.variants[2].breaks_at, 1u);
  EXPECT_THAT(group.length_findings,
              testing::Contains(testing::StartsWith(
                  "rotary keeps at least 90 % of the tokens right up to length 20")));
  EXPECT_THAT(
      group.length_findings,
      testing::Contains("learned refuses length 20: learned positions: length 21 asked for, "
                        "the table has 16."));
  EXPECT_THAT(group.length_findings, testing::Contains(HasSubstr("none breaks at length 10: ")));
  EXPECT_THAT(group.length_findings,
              testing::Contains(testing::StartsWith(
                  "At 20 (2x) symbols, beyond the training length: rotary is better than ")));
}

// As when a choice does not reach the model.
TEST(Findings, VariantsWithTheSameNumbersAreNamed) {
  VariantResult same = toy_variant("alibi", {0.5, 0.5, 0.5}, 1000);
  Comparison comparison = toy_example();
  comparison.groups[0].variants.push_back(same);
  const std::string sentence =
      "none and alibi gave the same numbers to the last digit: what is varied has no effect there.";
  EXPECT_THAT(summarise(comparison).groups[0].findings, testing::Contains(sentence));
  comparison.groups[0].variants.back().runs[2].sets[0].loss = 0.123;
  EXPECT_THAT(summarise(comparison).groups[0].findings,
              Not(testing::Contains(HasSubstr("same numbers"))));
}

TEST(Findings, EqualVariantsAreNotToldApart) {
  const Comparison comparison = toy_comparison(
      {toy_variant("a", {0.97, 0.97, 0.97}, 1), toy_variant("b", {0.97, 0.97, 0.97}, 77)});
  const GroupSummary group = summarise(comparison).groups[0];
  EXPECT_THAT(group.findings[0],
              testing::AnyOf("a and b cannot be told apart.", "b and a cannot be told apart."));
}

TEST(Findings, ManyEqualVariantsTakeOneSentence) {
  const Comparison comparison = toy_comparison({toy_variant("a", {0.97, 0.97, 0.97}, 1),
                                                toy_variant("b", {0.97, 0.97, 0.97}, 77),
                                                toy_variant("c", {0.97, 0.97, 0.97}, 99)});
  EXPECT_THAT(summarise(comparison).groups[0].findings,
              ElementsAre("No difference between the 3 exceeds the noise."));
}

}  // namespace
}  // namespace heed
