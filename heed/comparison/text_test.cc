#include "heed/comparison/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/comparison/markdown.h"
#include "heed/comparison/test_comparisons.h"

namespace heed {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ComparisonText, TablesAreAlignedAndEscaped) {
  Comparison comparison = toy_example();
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

}  // namespace
}  // namespace heed
