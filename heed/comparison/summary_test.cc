#include "heed/comparison/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/base/error.h"
#include "heed/comparison/test_comparisons.h"
#include "heed/metrics/bleu.h"

namespace heed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Summary, SaysWhichDifferencesExceedTheNoise) {
  const Comparison comparison = toy_example();
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

TEST(Summary, RefusalsCountAsNothingRight) {
  const GroupSummary group = summarise(toy_example()).groups[0];
  const BucketSummary& bucket = group.variants[2].buckets[1];
  EXPECT_THAT(bucket.scores.scores, ElementsAre(0, 0, 0));
  EXPECT_THAT(bucket.refusal, HasSubstr("the table has 16"));
  // A set without a loss leaves the others alone; the test set had one.
  EXPECT_EQ(group.variants[2].loss.size(), 3u);
}

TEST(Summary, CostsAreMedianAndMaximum) {
  const GroupSummary group = summarise(toy_example()).groups[0];
  EXPECT_EQ(group.variants[1].tokens_per_second, 200);
  EXPECT_EQ(group.variants[1].peak_bytes, 3 << 20);
  EXPECT_DOUBLE_EQ(group.variants[1].seconds, 2);
}

TEST(Summary, BucketsOfACorpusAreScoredApart) {
  const std::vector<std::string> references = {"a b c d", "e f g h", "i j k l", "m n o p"};
  std::vector<std::string> hypotheses = references;
  hypotheses[2] = "x";
  hypotheses[3] = "";
  const std::vector<std::vector<std::string>> files = {references};
  RunResult run{.seed = 1};
  run.sets.push_back({.loss = 2.0, .statistics = Bleu().statistics(hypotheses, files)});
  ComparisonGroup group{.measures = {.metric = std::make_shared<Bleu>()},
                        .sets = {"test"},
                        .sentences = 4,
                        .training_length = 30,
                        .length_unit = "tokens"};
  group.buckets = {{.label = "≤ 4", .length = 4, .sentences = {0, 1}},
                   {.label = "5–9", .length = 8, .sentences = {2, 3}}};
  group.variants.push_back({.label = "only", .runs = {run}});
  Comparison comparison;
  comparison.groups.push_back(group);
  const GroupSummary summary = summarise(comparison).groups[0];
  EXPECT_NEAR(summary.variants[0].buckets[0].scores.scores[0], 100, 1e-9);
  EXPECT_EQ(summary.variants[0].buckets[1].scores.scores[0], 0);
  EXPECT_LT(summary.variants[0].scores.scores[0], 100);
  EXPECT_TRUE(summary.findings.empty());  // nothing to compare with
}

}  // namespace
}  // namespace heed
