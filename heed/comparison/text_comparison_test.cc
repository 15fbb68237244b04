// Comparisons of language models: bits per character, where lower is better.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "heed/base/random.h"
#include "heed/comparison/comparison.h"
#include "heed/comparison/comparison_report.h"
#include "heed/metrics/bits_per_character.h"

namespace heed {
namespace {

using testing::HasSubstr;

// A language model whose windows of 128, 256 and 512 characters cost these bits a character; below
// 0 it refuses them.
VariantResult text_variant(const std::string& name, const std::vector<double>& bits,
                           std::uint64_t first_seed) {
  VariantResult variant{.label = name, .directory = name};
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Random random(first_seed + seed);
    RunResult run{.seed = static_cast<std::int64_t>(seed)};
    std::int64_t length = 128;
    for (const double mean : bits) {
      SetResult set{.statistics = SentenceStatistics(BitsPerCharacter::columns)};
      for (std::int64_t i = 0; i < 100 * 128 / length; ++i) {
        const double cost = (mean < 0 ? 8 : mean) + 0.05 * random.normal();
        set.statistics.append(BitsPerCharacter::row(
            -cost * static_cast<double>(length) * std::log(2.0), length, length));
      }
      if (mean < 0) {
        set.refusal = "the table has 128 rows";
      } else {
        set.loss = BitsPerCharacter::loss_of(set.statistics.total());
      }
      run.sets.push_back(std::move(set));
      length *= 2;
    }
    variant.runs.push_back(std::move(run));
  }
  return variant;
}

Comparison text_comparison() {
  ComparisonGroup group{.quality = Quality::bits_per_character,
                        .sets = {"test", "length-256", "length-512"},
                        .sentences = 100,
                        .training_length = 128,
                        .length_unit = "characters"};
  group.buckets = {{.label = "128 (1x)", .length = 128, .set = 0},
                   {.label = "256 (2x)", .length = 256, .beyond = true, .set = 1},
                   {.label = "512 (4x)", .length = 512, .beyond = true, .set = 2}};
  group.variants = {
      text_variant("none", {2.5, 2.6, 3.5}, 100), text_variant("alibi", {2.2, 2.15, 2.1}, 200),
      text_variant("learned", {2.2, 4.0, -1}, 300), text_variant("table", {2.9, -1, -1}, 400)};
  Comparison comparison{.title = "Text", .notes = {noise_rule(3, "windows")}};
  comparison.groups.push_back(std::move(group));
  return comparison;
}

TEST(TextComparison, FewerBitsAreBetter) {
  const GroupSummary group = summarise(text_comparison()).groups[0];
  EXPECT_EQ(group.ranking[2], 0u);
  EXPECT_EQ(group.ranking[3], 3u);
  EXPECT_THAT(group.findings[0], HasSubstr(" is better than none by 0."));
  EXPECT_THAT(group.findings[0], HasSubstr(" bits per character; it cannot be told apart from "));
  EXPECT_THAT(group.findings.back(), testing::StartsWith("none is better than table by 0."));
  EXPECT_EQ(group.bucket_pairs[1].front().first, 1u);  // alibi
  EXPECT_LT(group.bucket_pairs[1].front().difference.difference, 0);
}

TEST(TextComparison, BreaksWhereATenthMoreBitsAreNeeded) {
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

TEST(TextComparison, EveryFormSaysThatLowerIsBetter) {
  const Comparison comparison = text_comparison();
  const ComparisonSummary summary = summarise(comparison);
  const std::string text = comparison_text(comparison, summary);
  EXPECT_THAT(text, HasSubstr("Bits per character by length\n"));
  EXPECT_THAT(text, HasSubstr("Lower is better.\n"));
  EXPECT_THAT(text, HasSubstr("refused"));
  EXPECT_THAT(text, HasSubstr("breaks at"));
  const std::string markdown = comparison_markdown(comparison, summary);
  EXPECT_THAT(markdown, HasSubstr("On 100 windows of the test text, 128 characters each"));
  EXPECT_THAT(markdown, HasSubstr("Lower is better"));
  EXPECT_THAT(markdown, HasSubstr("samples of the test windows"));
  // The best, and not the largest, is bold.
  EXPECT_THAT(markdown, testing::ContainsRegex("\\| alibi \\| \\*\\*2\\.[0-9]+ ± "));
  EXPECT_THAT(markdown, testing::ContainsRegex("\\| table \\| 2\\.[0-9]+ ± "));
  const Json json = comparison_json(comparison, summary);
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
