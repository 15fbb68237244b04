#include "heed/inspect/comparison_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/inspect/test_page.h"

namespace heed {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ComparisonPage small_page() {
  ComparisonPage page{.title = "Positions", .subtitle = "2 variants"};
  ComparisonSection section{.title = "copy", .findings = {"rotary is better than none."}};
  section.tables.push_back(
      {.title = "Result",
       .columns = {"", "BLEU"},
       .rows = {{{"rotary"}, {"36.1", true, "by seed: 36.0, 36.2"}}, {{"none"}, {"21.0"}}},
       .series = {0, 9}});
  section.charts.push_back(
      {.title = "Loss",
       .x_name = "step",
       .curves = {{.name = "rotary", .series = 0, .points = {{10, 2, 1.5, 2.5}, {20, 1, 1, 1}}}}});
  page.sections.push_back(section);
  page.notes = {"The rule."};
  return page;
}

// The data that the page's script draws from.
TEST(ComparisonPage, HoldsFindingsTablesAndCharts) {
  const std::string html = render_comparison(small_page());
  EXPECT_THAT(html, HasSubstr("<li dir=\"auto\">rotary is better than none.</li>"));
  EXPECT_THAT(html, HasSubstr("<td class=\"strong\" title=\"by seed: 36.0, 36.2\">36.1</td>"));
  EXPECT_THAT(html, HasSubstr("<td>21.0</td>"));
  EXPECT_THAT(html, HasSubstr("class=\"series dash1\" style=\"--series: var(--s1)\""));
  const Json chart = data_of(html)["sections"][0][0];
  EXPECT_EQ(chart["curves"][0]["step"], Json({10.0, 20.0}));
  EXPECT_EQ(chart["curves"][0]["least"], Json({1.5, 1.0}));
  EXPECT_EQ(chart["mark"], nullptr);
}

TEST(ComparisonPage, NeedsNothingBesideItself) {
  const std::string html = render_comparison(small_page());
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
  for (const char* word : {"http://", "https://", "src=", "@import", "url("}) {
    EXPECT_THAT(html.find(word) == std::string::npos ||
                    html.compare(html.find(word), 18, "http://www.w3.org/") == 0,
                true)
        << word;
  }
}

TEST(ComparisonPage, TextStaysText) {
  const std::string evil = "</script><script>alert(1)</script><b>\"'&";
  ComparisonPage page = small_page();
  page.title = page.subtitle = evil;
  page.notes = {evil};
  page.sections[0].title = evil;
  page.sections[0].findings = {evil};
  page.sections[0].tables[0].title = evil;
  page.sections[0].tables[0].columns[1] = evil;
  page.sections[0].tables[0].rows[0] = {{evil}, {evil, true, evil}};
  page.sections[0].charts[0].title = evil;
  page.sections[0].charts[0].curves[0].name = evil;
  const std::string html = render_comparison(page);
  EXPECT_THAT(html, Not(HasSubstr("alert(1)</script>")));
  EXPECT_THAT(html, Not(HasSubstr("<b>")));
  EXPECT_EQ(data_of(html)["sections"][0][0]["title"], evil);
}

TEST(ComparisonPage, GapsAreNull) {
  ComparisonPage page = small_page();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  page.sections[0].charts[0].curves[0].points = {{1, nan, nan, nan}};
  EXPECT_EQ(data_of(render_comparison(page))["sections"][0][0]["curves"][0]["mean"][0], nullptr);
}

TEST(ComparisonPage, RefusesARaggedTable) {
  ComparisonPage page = small_page();
  page.sections[0].tables[0].rows[1].pop_back();
  EXPECT_THROW(render_comparison(page), Error);
}

}  // namespace
}  // namespace heed
