// Runs the page's scripts in a real browser, where one is installed.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "heed/inspect/report.h"
#include "heed/inspect/sample_report.h"
#include "heed/inspect/test_browser.h"

namespace heed {
namespace {

using ::testing::HasSubstr;

TEST(ReportInBrowser, ScriptsDrawAndAnswer) {
  // Each line acts as a reader would, then writes what it sees.
  const std::string actions = R"script(
    const say = (name, value) => document.getElementById("seen").append(`${name}=${value};`);
    const key = (node, name) =>
      node.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
    const all = (selector) => document.querySelectorAll(selector);
    say("charts", all(".chart svg").length);
    say("lines", all(".chart .line").length);
    key(all(".plot")[2], "Home");
    say("first", all(".plot")[2].getAttribute("aria-valuetext"));
    say("tips", [...all(".tip")].filter((tip) => !tip.hidden).length);
    const loss = () => all(".chart .line")[0].getAttribute("d");
    const before = loss();
    all(".switch")[0].click();
    say("log", all(".switch")[0].getAttribute("aria-pressed") + (loss() !== before));
    say("thumbnails", all(".overview-grid button").length);
    key(all('.overview-grid [aria-pressed="true"]')[0], "ArrowRight");
    key(all('.overview-grid [aria-pressed="true"]')[0], "ArrowRight");
    key(all('.overview-grid [aria-pressed="true"]')[0], "ArrowUp");
    say("chosen", all("#map-layer")[0].value + "," + all("#map-head")[0].value);
    key(all(".map svg")[0], "ArrowRight");
    key(all(".map svg")[0], "ArrowDown");
    say("readout", all(".readout")[0].textContent);
    all("#map-kind")[0].selectedIndex = 1;
    all("#map-kind")[0].dispatchEvent(new Event("change"));
    say("rows", all('.map text[text-anchor="end"]')[0].textContent);
    all("#theme")[0].click();
    all("#theme")[0].click();
    say("scheme", getComputedStyle(document.documentElement).colorScheme);
  )script";
  const RunReport report = make_sample_report(800, 3, 4);
  const BrowserResult result = browse(render_report(report), actions);
  HEED_SKIP_WITHOUT_BROWSER(result);
  EXPECT_EQ(console_messages(result.log), "");
  EXPECT_THAT(result.seen, HasSubstr("charts=6;"));
  EXPECT_THAT(result.seen, HasSubstr("first=step 80: validation 14.35;"));
  EXPECT_THAT(result.seen, HasSubstr("tips=1;"));
  EXPECT_THAT(result.seen, HasSubstr("log=truetrue;"));
  EXPECT_THAT(result.seen, HasSubstr("thumbnails=18;"));
  EXPECT_THAT(result.seen, HasSubstr("chosen=2,1;"));
  const AttentionMap& map = report.attention[4];  // layer 2, head 1
  EXPECT_THAT(result.seen,
              HasSubstr(fmt::format("readout=▁junge attends to ▁Two with weight {:.2f};",
                                    map.weights[map.column_labels.size()])));
  EXPECT_THAT(result.seen, HasSubstr("rows=▁Two;"));
  EXPECT_THAT(result.seen, HasSubstr("scheme=dark;"));
}

TEST(ReportInBrowser, HostileTextRunsNothing) {
  const std::string evil =
      "</script><script>window.hit=1</script><img src=x onerror='window.hit=1'>";
  RunReport report;
  report.title = report.subtitle = evil;
  report.curves = {{evil, evil, evil, {{1, 1.0}, {2, 2.0}}}};
  report.samples = {{evil, evil, evil, 1.0}};
  report.attention = {{evil, evil, {evil}, {evil}, 0, 0, {1.0f}}};
  const BrowserResult result = browse(render_report(report),
                                      "document.getElementById('seen').append(`images=${document."
                                      "images.length};hit=${window.hit};`)");
  HEED_SKIP_WITHOUT_BROWSER(result);
  EXPECT_EQ(console_messages(result.log), "");
  EXPECT_THAT(result.seen, HasSubstr("images=0;hit=undefined;"));
}

TEST(ReportInBrowser, OddNumbersAreDrawnAsWell) {
  constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();
  constexpr float nan_weight = std::numeric_limits<float>::quiet_NaN();
  RunReport report;
  report.curves = {{"no points", "", "", {}},
                   {"one point", "", "", {{7, 3.0}}},
                   {"never finite", "", "", {{1, nan_value}, {2, nan_value}}},
                   {"constant", "", "", {{1, 0.0}, {2, 0.0}}},
                   {"negative", "", "", {{1, -5.0}, {2, -5.0}, {3, nan_value}, {4, -1e30}}},
                   {"large steps", "", "", {{4'000'000'000, 1e-12}, {5'000'000'000, 1e-13}}}};
  report.attention = {{"nothing", "", {}, {}, 0, 0, {}},
                      {"NaN", "", {"a"}, {"b", ""}, 0, 0, {nan_weight, 0.0f}},
                      {"gaps", "", {"a"}, {"b"}, 0, 1, {0.0f}},
                      {"gaps", "", {"a"}, {"b"}, 3, 0, {1.0f}}};
  const BrowserResult result = browse(render_report(report), R"script(
    const all = (selector) => document.querySelectorAll(selector);
    for (const plot of all(".plot"))
      for (const name of ["Home", "End", "ArrowLeft"])
        plot.dispatchEvent(new KeyboardEvent("keydown", { key: name }));
    all(".switch").forEach((button) => button.click());
    const title = all("#map-title")[0];
    for (const option of [...title.options]) {
      title.value = option.value;
      title.dispatchEvent(new Event("change"));
      all(".map svg")[0].dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
      document.getElementById("seen").append(all(".readout")[0].textContent + ";");
    }
    const bad = [...all("svg *")].filter((node) => /NaN|Infinity/.test(node.outerHTML));
    document.getElementById("seen").append(`bad=${bad.length};charts=${all(".chart svg").length};`);
  )script");
  HEED_SKIP_WITHOUT_BROWSER(result);
  EXPECT_EQ(console_messages(result.log), "");
  EXPECT_THAT(result.seen, HasSubstr("bad=0;charts=6;"));
  EXPECT_THAT(result.seen, HasSubstr("a attends to b with weight not a number;"));
  EXPECT_THAT(result.seen, HasSubstr("a attends to b with weight 0.00;"));
}

}  // namespace
}  // namespace heed
