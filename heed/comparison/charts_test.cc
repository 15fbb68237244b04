#include "heed/comparison/charts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/comparison/page.h"
#include "heed/comparison/test_comparisons.h"

namespace heed {
namespace {

TEST(Charts, ThePageHasBandsOverSeeds) {
  const Comparison comparison = toy_example();
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

}  // namespace
}  // namespace heed
