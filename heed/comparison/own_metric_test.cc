// Comparisons by metrics that heed does not have.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <vector>

#include "heed/base/error.h"
#include "heed/comparison/json.h"
#include "heed/comparison/markdown.h"
#include "heed/comparison/summary.h"

namespace heed {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

// A metric that heed does not have: the mean of a column, where less may be better.
class Mean : public Metric {
 public:
  explicit Mean(bool lower_is_better, std::size_t column = 0) : column_(column) {
    style_ = {.key = column == 0 ? "first" : "second",
              .name = column == 0 ? "first mean" : "second mean",
              .unit = "units",
              .decimals = 0,
              .lower_is_better = lower_is_better};
  }
  const MetricStyle& style() const override { return style_; }
  double score_of(std::span<const std::int64_t> totals) const override {
    return static_cast<double>(totals[column_]) / static_cast<double>(totals[2]);
  }
  double resampled_score(std::span<const float> totals) const override {
    return totals[column_] / totals[2];
  }

 private:
  MetricStyle style_;
  std::size_t column_;
};

SetResult constant_set(std::int64_t first, std::int64_t second) {
  SetResult set{.statistics = SentenceStatistics(3)};
  for (int i = 0; i < 20; ++i) {
    set.statistics.append(std::vector<std::int64_t>{first, second, 1});
  }
  return set;
}

// A variant with one run, and 10, then 13 beyond the training length in the first column; in the
// second half as much.
Comparison own_comparison(bool lower_is_better, BreakRule breaks) {
  ComparisonGroup group{.measures = {.metric = std::make_shared<Mean>(lower_is_better),
                                     .besides = {std::make_shared<Mean>(false, 1)},
                                     .breaks = breaks,
                                     .items = "pictures"},
                        .sets = {"test", "longer"},
                        .sentences = 20,
                        .training_length = 8,
                        .length_unit = "patches"};
  group.buckets = {{.label = "8", .length = 8, .set = 0},
                   {.label = "16", .length = 16, .beyond = true, .set = 1}};
  const std::int64_t longer = lower_is_better ? 13 : 7;
  group.variants.push_back(
      {.label = "only", .runs = {{.sets = {constant_set(10, 5), constant_set(longer, 4)}}}});
  Comparison comparison;
  comparison.groups.push_back(std::move(group));
  return comparison;
}

TEST(OwnMetric, BreaksOnTheSideThatIsWorse) {
  const auto breaks_at = [](bool lower_is_better, BreakRule rule) {
    return summarise(own_comparison(lower_is_better, rule)).groups[0].variants[0].breaks_at;
  };
  EXPECT_EQ(breaks_at(true, {.ratio = 1.25}), 1u);
  EXPECT_EQ(breaks_at(true, {.ratio = 1.35}), std::nullopt);
  EXPECT_EQ(breaks_at(false, {.ratio = 1.4}), 1u);  // 7 · 1.4 < 10
  EXPECT_EQ(breaks_at(false, {.ratio = 1.45}), std::nullopt);
  EXPECT_EQ(breaks_at(true, {.below = 12}), 1u);
  EXPECT_EQ(breaks_at(true, {.below = 9}), 0u);
  EXPECT_EQ(breaks_at(false, {.below = 8}), 1u);
  EXPECT_EQ(breaks_at(false, {.below = 6}), std::nullopt);
  EXPECT_EQ(breaks_at(false, {}), std::nullopt);
}

TEST(OwnMetric, EveryMetricScoresTheSameRows) {
  const VariantSummary variant = summarise(own_comparison(true, {})).groups[0].variants[0];
  ASSERT_EQ(variant.besides.size(), 1u);
  EXPECT_EQ(variant.besides[0].metric->style().key, "second");
  EXPECT_THAT(variant.scores.scores, ElementsAre(10));
  EXPECT_THAT(variant.besides[0].scores, ElementsAre(5));
  EXPECT_THAT(variant.buckets[1].scores.scores, ElementsAre(13));
  EXPECT_THAT(variant.buckets[1].besides[0].scores, ElementsAre(4));
}

TEST(OwnMetric, RefusesWhatCannotBeMeasured) {
  Comparison nothing = own_comparison(true, {});
  nothing.groups[0].measures.metric = nullptr;
  EXPECT_THROW(summarise(nothing), Error);
  EXPECT_THROW(summarise(own_comparison(true, {.below = 1, .ratio = 2})), Error);
  Comparison missing = own_comparison(true, {});
  missing.groups[0].variants[0].runs[0].sets.pop_back();
  EXPECT_THROW(summarise(missing), Error);
  Comparison far = own_comparison(true, {});
  far.groups[0].buckets[0].sentences = {20};
  EXPECT_THROW(summarise(far), Error);
}

TEST(OwnMetric, IsToldInItsOwnWords) {
  const auto findings = [](bool lower_is_better, BreakRule rule) {
    return summarise(own_comparison(lower_is_better, rule)).groups[0].length_findings;
  };
  EXPECT_THAT(findings(true, {.ratio = 1.25}),
              Contains("only breaks at length 16: 13 first mean there, 30 % more than the 10 at "
                       "8."));
  EXPECT_THAT(
      findings(false, {.ratio = 1.25}),
      Contains("only breaks at length 16: 7 first mean there, 30 % less than the 10 at 8."));
  EXPECT_THAT(findings(true, {.ratio = 1.5}),
              Contains("only stays within 50 % of its first mean at 8 up to length 16, the longest "
                       "tested."));
  EXPECT_THAT(findings(false, {.below = 8}),
              Contains("only breaks at length 16: 7 first mean there, 10 at 8."));
  EXPECT_THAT(findings(true, {.below = 20}),
              Contains("only keeps at most 20 first mean up to length 16, the longest tested."));
  EXPECT_THAT(findings(true, {}), testing::IsEmpty());
}

TEST(OwnMetric, HasItsColumnsTablesAndKeys) {
  const Comparison comparison = own_comparison(true, {.below = 12});
  const ComparisonSummary summary = summarise(comparison);
  const std::string markdown = comparison_markdown(comparison, summary);
  EXPECT_THAT(markdown, HasSubstr("|  | first mean | second mean | loss |"));
  EXPECT_THAT(markdown, HasSubstr("On 20 test pictures: "));
  EXPECT_THAT(markdown, HasSubstr("**First mean by length.** Columns: patches. The longest trained "
                                  "on has 8. Lower is better."));
  EXPECT_THAT(markdown, HasSubstr("|  | 8 | 16 | above 12 at |"));
  EXPECT_THAT(markdown, HasSubstr("**Second mean by length.**"));
  const std::string json = comparison_json(comparison, summary);
  EXPECT_THAT(json, HasSubstr("\"quality\": \"first\""));
  EXPECT_THAT(json, HasSubstr("\"second\": {"));
}

}  // namespace
}  // namespace heed
