#include "heed/inspect/heads_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/inspect/test_browser.h"

namespace heed {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

HeadsPage two_kinds() {
  return {.title = "What each head is <worth>",
          .subtitle = "a model",
          .headlines = {{"Loss, all heads", "1.5000"}},
          .kinds = {"encoder self-attention", "encoder-decoder attention"},
          .score_name = "loss",
          .unit = "nats per token",
          .rows = {{"encoder self-attention", 2, 3, 1.49, -0.01, true},
                   {"encoder-decoder attention", 1, 1, 1.5, 0.0},
                   {"encoder self-attention", 1, 1, 1.54, 0.04}}};
}

TEST(HeadsPage, ShowsEveryHeadInAGridAndInTheTable) {
  const std::string page = render_heads_page(two_kinds());
  EXPECT_THAT(page, HasSubstr("What each head is &lt;worth&gt;"));
  EXPECT_THAT(page, HasSubstr("<caption>encoder self-attention</caption>"));
  EXPECT_THAT(page, HasSubstr("<td class=\"harmful pruned\" style=\"--share:25.0%\">-0.010</td>"));
  EXPECT_THAT(page, HasSubstr("<td class=\"useful\" style=\"--share:100.0%\">+0.040</td>"));
  EXPECT_THAT(page, HasSubstr("<td>3 <span class=\"badge\">pruned</span></td><td>1.4900</td>"));
  EXPECT_THAT(page, Not(HasSubstr("Looks at")));
  HeadsPage named = two_kinds();
  named.rows.back().looks = "previous token 97 %";
  EXPECT_THAT(render_heads_page(named), HasSubstr("<td class=\"looks\">previous token 97 %</td>"));
  EXPECT_THAT(render_heads_page(named), HasSubstr("<td class=\"looks\"></td>"));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_THAT(page, Not(HasSubstr(">nan<")));
}

TEST(HeadsPage, NothingWorthAnythingDividesByNothing) {
  HeadsPage page = two_kinds();
  page.rows = {{"encoder self-attention", 1, 1, 1.5, 0.0}};
  EXPECT_THAT(render_heads_page(page), HasSubstr("--share:0.0%"));
}

TEST(HeadsPage, RunsInTheBrowser) {
  const auto result = browse(render_heads_page(two_kinds()), R"script(
    const cells = [...document.querySelectorAll(".worth-grid .useful, .worth-grid .harmful")];
    document.getElementById("theme").click();
    document.getElementById("seen").append(`cells=${cells.length};` +
      `colours=${new Set(cells.map((cell) => getComputedStyle(cell).backgroundColor)).size};`);
  )script");
  HEED_SKIP_WITHOUT_BROWSER(result);
  EXPECT_EQ(console_messages(result.log), "");
  EXPECT_THAT(result.seen, HasSubstr("cells=3;colours=3;"));
}

}  // namespace
}  // namespace heed
