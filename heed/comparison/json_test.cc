#include "heed/comparison/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/base/json.h"
#include "heed/comparison/test_comparisons.h"
#include "heed/comparison/text.h"

namespace heed {
namespace {

// They leave no line of metrics.
TEST(ComparisonJson, RunsThatAreTooShortHaveNoSpeed) {
  Comparison comparison = toy_example();
  EXPECT_THAT(comparison_text(comparison, summarise(comparison)),
              testing::Not(testing::HasSubstr(" –  ")));
  for (RunResult& run : comparison.groups[0].variants[1].runs) {
    run.metrics.steps.clear();
  }
  const ComparisonSummary summary = summarise(comparison);
  const Json json = Json::parse(comparison_json(comparison, summary));
  EXPECT_EQ(json["groups"][0]["variants"][1]["cost"]["tokens_per_second"], nullptr);
  EXPECT_THAT(comparison_text(comparison, summary), testing::HasSubstr(" –  "));
}

TEST(ComparisonJson, JsonHoldsEveryNumber) {
  const Comparison comparison = toy_example();
  const std::string text = comparison_json(comparison, summarise(comparison));
  const Json json = Json::parse(text);
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
  EXPECT_EQ(comparison_json(comparison, summarise(comparison)), text);
}

}  // namespace
}  // namespace heed
