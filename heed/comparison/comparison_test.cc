#include "heed/comparison/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/base/random.h"
#include "heed/comparison/comparison_findings.h"
#include "heed/comparison/comparison_report.h"
#include "heed/metrics/bleu.h"
#include "heed/metrics/sequence_accuracy.h"

namespace heed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::size_t sentences = 200;
constexpr std::size_t length = 10;

// A run on a task that gets each token right with this probability.
SetResult task_result(double probability, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::string> hypotheses, references;
  for (std::size_t i = 0; i < sentences; ++i) {
    hypotheses.emplace_back();
    references.emplace_back();
    for (std::size_t j = 0; j < length; ++j) {
      hypotheses.back() += random.uniform() < probability ? "1 " : "0 ";
      references.back() += "1 ";
    }
  }
  return {.loss = 1 - probability, .statistics = sequence_statistics(hypotheses, references)};
}

SetResult refused(std::size_t count) {
  const std::vector<std::string> nothing(count);
  const std::vector<std::string> references(count, "1 1 1");
  return {.statistics = sequence_statistics(nothing, references),
          .refusal = "learned positions: length 21 asked for, the table has 16"};
}

// Probabilities at the test set and at lengths 10 and 20.
VariantResult task_variant(const std::string& name, std::vector<double> probabilities,
                           std::uint64_t first_seed) {
  VariantResult variant{.label = name, .directory = name, .parameters = 1234};
  variant.settings = {{"model.position.kind", name}};
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    RunResult run{.seed = static_cast<std::int64_t>(seed),
                  .steps = 50,
                  .seconds = 2,
                  .peak_bytes = static_cast<std::int64_t>(seed) << 20};
    for (const double probability : probabilities) {
      run.sets.push_back(probability < 0
                             ? refused(sentences)
                             : task_result(probability, first_seed + 10 * seed + run.sets.size()));
    }
    for (std::int64_t step = 10; step <= 50; step += 10) {
      const auto value = static_cast<double>(seed) / static_cast<double>(step);
      run.metrics.steps.push_back({.step = step, .loss = value, .tokens_per_second = 100.0 * seed});
      run.metrics.validations.push_back({.step = step, .loss = value, .bleu = 50.0});
    }
    variant.runs.push_back(run);
  }
  return variant;
}

Comparison task_comparison(std::vector<VariantResult> variants) {
  ComparisonGroup group{.quality = Quality::accuracy,
                        .sets = {"test", "length-10", "length-20"},
                        .sentences = sentences,
                        .training_length = 10,
                        .length_unit = "symbols"};
  group.buckets = {{.label = "10 (1x)", .length = 10, .set = 1},
                   {.label = "20 (2x)", .length = 20, .beyond = true, .set = 2}};
  group.variants = std::move(variants);
  Comparison comparison{.title = "Positions", .subtitle = "four", .notes = {noise_rule(3)}};
  comparison.groups.push_back(std::move(group));
  return comparison;
}

Comparison example() {
  return task_comparison({task_variant("none", {0.5, 0.5, 0.5}, 1000),
                          task_variant("rotary", {0.99, 0.99, 0.95}, 2000),
                          task_variant("learned", {0.99, 0.99, -1}, 3000)});
}

TEST(Comparison, SaysWhichDifferencesExceedTheNoise) {
  const Comparison comparison = example();
  const GroupSummary group = summarise(comparison).groups[0];
  EXPECT_EQ(group.ranking.back(), 0u);  // none
  ASSERT_EQ(group.pairs.size(), 3u);
  EXPECT_FALSE(group.pairs[0].difference.exceeds_noise());  // rotary and learned, either way round
  EXPECT_TRUE(group.pairs[1].difference.exceeds_noise());
  EXPECT_TRUE(group.pairs[2].difference.exceeds_noise());
  EXPECT_GT(group.pairs[2].difference.difference, 80);
  EXPECT_THAT(group.findings[0], HasSubstr(" is better than none by "));
  EXPECT_THAT(group.findings[0],
              HasSubstr(" points of exact match; it cannot be told apart from "));
}

TEST(Comparison, SaysHowFarEachVariantWorks) {
  const GroupSummary group = summarise(example()).groups[0];
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
TEST(Comparison, VariantsWithTheSameNumbersAreNamed) {
  VariantResult same = task_variant("alibi", {0.5, 0.5, 0.5}, 1000);
  Comparison comparison = example();
  comparison.groups[0].variants.push_back(same);
  const std::string sentence =
      "none and alibi gave the same numbers to the last digit: what is varied has no effect there.";
  EXPECT_THAT(summarise(comparison).groups[0].findings, testing::Contains(sentence));
  comparison.groups[0].variants.back().runs[2].sets[0].loss = 0.123;
  EXPECT_THAT(summarise(comparison).groups[0].findings,
              Not(testing::Contains(HasSubstr("same numbers"))));
}

TEST(Comparison, RefusalsCountAsNothingRight) {
  const GroupSummary group = summarise(example()).groups[0];
  const BucketSummary& bucket = group.variants[2].buckets[1];
  EXPECT_THAT(bucket.quality.scores, ElementsAre(0, 0, 0));
  EXPECT_THAT(bucket.refusal, HasSubstr("the table has 16"));
  // A set without a loss leaves the others alone; the test set had one.
  EXPECT_EQ(group.variants[2].loss.size(), 3u);
}

TEST(Comparison, EqualVariantsAreNotToldApart) {
  const Comparison comparison = task_comparison(
      {task_variant("a", {0.97, 0.97, 0.97}, 1), task_variant("b", {0.97, 0.97, 0.97}, 77)});
  const GroupSummary group = summarise(comparison).groups[0];
  EXPECT_THAT(group.findings[0],
              testing::AnyOf("a and b cannot be told apart.", "b and a cannot be told apart."));
}

TEST(Comparison, ManyEqualVariantsTakeOneSentence) {
  const Comparison comparison = task_comparison({task_variant("a", {0.97, 0.97, 0.97}, 1),
                                                 task_variant("b", {0.97, 0.97, 0.97}, 77),
                                                 task_variant("c", {0.97, 0.97, 0.97}, 99)});
  EXPECT_THAT(summarise(comparison).groups[0].findings,
              ElementsAre("No difference between the 3 exceeds the noise."));
}

TEST(Comparison, CostsAreMedianAndMaximum) {
  const GroupSummary group = summarise(example()).groups[0];
  EXPECT_EQ(group.variants[1].tokens_per_second, 200);
  EXPECT_EQ(group.variants[1].peak_bytes, 3 << 20);
  EXPECT_DOUBLE_EQ(group.variants[1].seconds, 2);
}

TEST(Comparison, BucketsOfACorpusAreScoredApart) {
  const std::vector<std::string> references = {"a b c d", "e f g h", "i j k l", "m n o p"};
  std::vector<std::string> hypotheses = references;
  hypotheses[2] = "x";
  hypotheses[3] = "";
  const std::vector<std::vector<std::string>> files = {references};
  RunResult run{.seed = 1};
  run.sets.push_back({.loss = 2.0, .statistics = Bleu().statistics(hypotheses, files)});
  ComparisonGroup group{
      .sets = {"test"}, .sentences = 4, .training_length = 30, .length_unit = "tokens"};
  group.buckets = {{.label = "≤ 4", .length = 4, .sentences = {0, 1}},
                   {.label = "5–9", .length = 8, .sentences = {2, 3}}};
  group.variants.push_back({.label = "only", .runs = {run}});
  Comparison comparison;
  comparison.groups.push_back(group);
  const GroupSummary summary = summarise(comparison).groups[0];
  EXPECT_NEAR(summary.variants[0].buckets[0].quality.scores[0], 100, 1e-9);
  EXPECT_EQ(summary.variants[0].buckets[1].quality.scores[0], 0);
  EXPECT_LT(summary.variants[0].quality.scores[0], 100);
  EXPECT_TRUE(summary.findings.empty());  // nothing to compare with
}

TEST(Comparison, JsonHoldsEveryNumber) {
  const Comparison comparison = example();
  const Json json = comparison_json(comparison, summarise(comparison));
  const Json& group = json["groups"][0];
  EXPECT_EQ(group["variants"][1]["name"], "rotary");
  EXPECT_EQ(group["variants"][1]["settings"]["model.position.kind"], "rotary");
  EXPECT_EQ(group["variants"][1]["parameters"], 1234);
  EXPECT_EQ(group["variants"][1]["exact_match"]["by_seed"].size(), 3u);
  EXPECT_EQ(group["variants"][1]["cost"]["tokens_per_second"], 200);
  EXPECT_EQ(group["variants"][2]["breaks_at"], 20);
  EXPECT_EQ(group["variants"][1]["breaks_at"], nullptr);
  EXPECT_EQ(group["differences"].size(), 3u);
  EXPECT_EQ(group["lengths"][1]["beyond_training"], true);
  EXPECT_EQ(comparison_json(comparison, summarise(comparison)), json);
}

TEST(Comparison, TablesAreAlignedAndEscaped) {
  Comparison comparison = example();
  comparison.groups[0].variants[0].label = "a|b<c";
  const ComparisonSummary summary = summarise(comparison);
  const std::string text = comparison_text(comparison, summary);
  EXPECT_THAT(text, HasSubstr("% exact"));
  EXPECT_THAT(text, HasSubstr("0 (refused)"));
  EXPECT_THAT(text, HasSubstr("never"));
  const std::string markdown = comparison_markdown(comparison, summary);
  EXPECT_THAT(markdown, HasSubstr("| a\\|b&lt;c |"));
  EXPECT_THAT(markdown, HasSubstr("Student's t, 95 %, for 3 seeds"));
  EXPECT_THAT(markdown, Not(HasSubstr("b<c")));
}

TEST(Comparison, ThePageHasBandsOverSeeds) {
  const Comparison comparison = example();
  const ComparisonPage page = comparison_page(comparison, summarise(comparison));
  ASSERT_EQ(page.sections.size(), 1u);
  const auto& charts = page.sections[0].charts;
  ASSERT_EQ(charts.size(), 3u);  // by length, validation loss, training loss
  EXPECT_EQ(charts[0].mark, 10);
  const BandPoint& point = charts[1].curves[1].points[0];
  EXPECT_EQ(point.x, 10);
  EXPECT_DOUBLE_EQ(point.least, 0.1);
  EXPECT_DOUBLE_EQ(point.mean, 0.2);
  EXPECT_DOUBLE_EQ(point.largest, 0.3);
}

TEST(JoinWords, ReadsAsALine) {
  EXPECT_EQ(join_words({}), "");
  EXPECT_EQ(join_words({"a"}), "a");
  EXPECT_EQ(join_words({"a", "b"}), "a and b");
  EXPECT_EQ(join_words({"a", "b", "c"}, " or "), "a, b or c");
}

}  // namespace
}  // namespace heed
