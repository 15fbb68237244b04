// Comparisons by a metric of which less is better.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/base/json.h"
#include "heed/comparison/json.h"
#include "heed/comparison/markdown.h"
#include "heed/comparison/page.h"
#include "heed/comparison/test_comparisons.h"
#include "heed/comparison/text.h"

namespace heed {
namespace {

using testing::HasSubstr;

TEST(LowerIsBetter, FewerBitsAreBetter) {
  const GroupSummary group = summarise(text_comparison()).groups[0];
  EXPECT_EQ(group.ranking[2], 0u);
  EXPECT_EQ(group.ranking[3], 3u);
  EXPECT_THAT(group.findings[0], HasSubstr(" is better than none by 0."));
  EXPECT_THAT(group.findings[0], HasSubstr(" bits per character; it cannot be told apart from "));
  EXPECT_THAT(group.findings.back(), testing::StartsWith("none is better than table by 0."));
  EXPECT_EQ(group.bucket_pairs[1].front().first, 1u);  // alibi
  EXPECT_LT(group.bucket_pairs[1].front().difference.difference, 0);
}

TEST(LowerIsBetter, BreaksWhereATenthMoreBitsAreNeeded) {
  const GroupSummary group = summarise(text_comparison()).groups[0];
  EXPECT_EQ(group.variants[0].breaks_at, 2u);  // 2.6 is 4 % more than 2.5
  EXPECT_FALSE(group.variants[1].breaks_at.has_value());
  EXPECT_EQ(group.variants[2].breaks_at, 1u);
  EXPECT_THAT(group.length_findings,
              testing::Contains("alibi stays within 10 % of its bits per character at 128 up to "
                                "length 512, the longest tested."));
  EXPECT_THAT(group.length_findings,
              testing::Contains(testing::MatchesRegex("none breaks at length 512: 3.... bits per "
                                                      "character there, .. % more than the 2.... "
                                                      "at 128\\.")));
  EXPECT_THAT(group.length_findings,
              testing::Contains("table refuses length 256: the table has 128 rows."));
}

TEST(LowerIsBetter, EveryFormSaysThatLowerIsBetter) {
  const Comparison comparison = text_comparison();
  const ComparisonSummary summary = summarise(comparison);
  const std::string text = comparison_text(comparison, summary);
  EXPECT_THAT(text, HasSubstr("Bits per character by length\n"));
  EXPECT_THAT(text, HasSubstr("Lower is better.\n"));
  EXPECT_THAT(text, HasSubstr("refused"));
  EXPECT_THAT(text, HasSubstr("breaks at"));
  const std::string markdown = comparison_markdown(comparison, summary);
  EXPECT_THAT(markdown, HasSubstr("On 100 test windows: "));
  EXPECT_THAT(markdown, HasSubstr("Lower is better"));
  EXPECT_THAT(markdown, HasSubstr("samples of the test windows"));
  // The best, and not the largest, is bold.
  EXPECT_THAT(markdown, testing::ContainsRegex("\\| alibi \\| \\*\\*2\\.[0-9]+ ± "));
  EXPECT_THAT(markdown, testing::ContainsRegex("\\| table \\| 2\\.[0-9]+ ± "));
  const Json json = Json::parse(comparison_json(comparison, summary));
  EXPECT_NEAR(json["groups"][0]["variants"][0]["bits_per_character"]["mean"].get<double>(), 2.5,
              0.02);
  EXPECT_EQ(json["groups"][0]["variants"][0]["breaks_at"], 512);
  EXPECT_EQ(json["groups"][0]["lower_is_better"], true);
  const auto charts = comparison_page(comparison, summary).sections[0].charts;
  EXPECT_EQ(charts[0].title, "Bits per character, by length");
  EXPECT_EQ(charts[0].unit, "lower is better");
}

}  // namespace
}  // namespace heed
