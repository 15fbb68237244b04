// Runs the script of comparison pages in a real browser, where one is installed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "heed/inspect/comparison_page.h"
#include "heed/inspect/test_browser.h"

namespace heed {
namespace {

using ::testing::HasSubstr;

ComparisonPage page_with(std::vector<ComparisonChart> charts) {
  ComparisonPage page{.title = "Positions"};
  page.sections.push_back({.title = "copy", .charts = std::move(charts)});
  return page;
}

std::vector<BandCurve> two_curves(const std::string& name) {
  return {{name, 0, {{10, 1, 0.5, 1.5}, {20, 2, 2, 2}}},
          {"none", 9, {{10, 4, 4, 4}, {20, 5, 5, 5}}}};
}

TEST(ComparisonInBrowser, ChartsAreDrawnAndAnswer) {
  const std::string actions = R"script(
    const say = (name, value) => document.getElementById("seen").append(`${name}=${value};`);
    const all = (selector) => document.querySelectorAll(selector);
    const key = (name) =>
      all(".plot")[0].dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
    say("charts", all(".chart svg").length);
    say("lines", all(".chart .line").length);
    say("bands", all(".chart .band").length);
    say("names", [...all(".plot .name")].map((node) => node.textContent).join("+"));
    say("marks", all(".plot .mark").length);
    key("Home");
    say("first", all(".plot")[0].getAttribute("aria-valuetext"));
    key("ArrowRight");
    say("second", all(".plot")[0].getAttribute("aria-valuetext"));
    key("Escape");
    say("tips", [...all(".tip")].filter((tip) => !tip.hidden).length);
    all(".legend li")[0].dispatchEvent(new PointerEvent("pointerenter"));
    say("dimmed", all(".dimmed").length);
  )script";
  const std::string html = render_comparison(page_with({{.title = "Loss",
                                                         .x_name = "step",
                                                         .curves = two_curves("rotary"),
                                                         .mark = 15,
                                                         .mark_name = "here"}}));
  const auto result = browse(html, actions);
  HEED_SKIP_WITHOUT_BROWSER(result);
  EXPECT_EQ(console_messages(result.log), "");
  EXPECT_THAT(result.seen, HasSubstr("charts=1;lines=2;bands=1;"));
  EXPECT_THAT(result.seen, HasSubstr("names=none+rotary;marks=1;"));
  EXPECT_THAT(result.seen, HasSubstr("first=step 10: none 4.000, rotary 1.000 (0.500–1.500);"));
  EXPECT_THAT(result.seen, HasSubstr("second=step 20: none 5.000, rotary 2.000;"));
  EXPECT_THAT(result.seen, HasSubstr("tips=0;dimmed=1;"));
}

TEST(ComparisonInBrowser, OddNumbersAndTextsAreDrawnAsWell) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const std::string evil = "</script><img src=x onerror='window.hit=1'>";
  std::vector<ComparisonChart> charts = {
      {.title = "no curves", .x_name = "step"},
      {.title = "no points", .curves = {{"a", 0, {}}}},
      {.title = "gaps", .curves = {{"a", 0, {{1, nan, nan, nan}, {2, 3, 3, 3}}}}, .dots = true},
      {.title = "constant", .curves = {{"a", 0, {{1, 5, 5, 5}, {2, 5, 5, 5}}}}, .low = 0},
      {.title = evil, .x_name = evil, .unit = evil, .curves = two_curves(evil), .mark = 99}};
  const auto result = browse(render_comparison(page_with(charts)), R"script(
    const all = (selector) => document.querySelectorAll(selector);
    for (const plot of all(".plot"))
      for (const name of ["Home", "End", "ArrowLeft"])
        plot.dispatchEvent(new KeyboardEvent("keydown", { key: name }));
    const bad = [...all("svg *")].filter((node) => /NaN|Infinity|undefined/.test(node.outerHTML));
    document.getElementById("seen").append(
      `bad=${bad.length};charts=${all(".chart svg").length};images=${document.images.length};` +
      `hit=${window.hit};`);
  )script");
  HEED_SKIP_WITHOUT_BROWSER(result);
  EXPECT_EQ(console_messages(result.log), "");
  EXPECT_THAT(result.seen, HasSubstr("bad=0;charts=5;images=0;hit=undefined;"));
}

}  // namespace
}  // namespace heed
