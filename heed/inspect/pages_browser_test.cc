// Every kind of page, in a real browser at two widths and in both themes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "heed/inspect/attention_page.h"
#include "heed/inspect/comparison_page.h"
#include "heed/inspect/figure.h"
#include "heed/inspect/heads_page.h"
#include "heed/inspect/report.h"
#include "heed/inspect/sample_attention.h"
#include "heed/inspect/sample_pages.h"
#include "heed/inspect/sample_report.h"
#include "heed/inspect/test_browser.h"

namespace heed {
namespace {

TEST(PagesInBrowser, EveryKindRunsAtEveryWidthAndTheme) {
  const std::vector<std::string> pages = {
      render_report(make_sample_report(400, 3, 4)),
      render_attention_page(sample_view(3, 8, 40, 30)), render_heads_page(sample_heads(6, 8)),
      render_figure_page(sample_figures()), render_comparison(sample_comparison(7))};
  const BrowserResult result = browse_everywhere(pages);
  HEED_SKIP_WITHOUT_BROWSER(result);
  expect_sound_pages(result, pages.size());
}

TEST(PagesInBrowser, ThePageBeginsInTheThemeThatItWasWrittenWith) {
  const BrowserResult result = browse(render_figure_page(sample_figures(), Theme::dark), R"script(
    document.getElementById("seen").append(document.getElementById("theme").textContent + ";" +
      getComputedStyle(document.body).backgroundColor + ";");
  )script");
  HEED_SKIP_WITHOUT_BROWSER(result);
  EXPECT_EQ(console_messages(result.log), "");
  EXPECT_THAT(result.seen, ::testing::HasSubstr("Theme: dark;rgb(19, 20, 24);"));
}

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(PagesInBrowser, AFingerIsAnsweredAtItsFirstTap) {
  const std::vector<std::string> pages = {render_report(make_sample_report(400, 3, 4)),
                                          render_comparison(sample_comparison(3))};
  const BrowserResult result = browse_everywhere(pages, R"script(
    const shown = () => all(".tip").map((tip, i) => tip.hidden ? "" : `${i}`).join("");
    tap(all(".plot")[1], 0.5, 0.5);
    say("first", shown());
    tap(all(".plot")[0], 0.5, 0.5);
    say("second", shown());
    say("near", /step|length/.test(all(".tip .when").at(0)?.textContent));
    tap(all("h1")[0], 0.5, 0.5);
    say("let", shown());
    if (all(".map svg").length) {
      tap(all(".map svg")[0], 0.6, 0.6);
      say("cell", all(".readout")[0].textContent.includes(" with weight "));
    }
    for (const item of all(".legend li .series").slice(0, 1)) {
      tap(item, 0.5, 0.5);
      say("lifted", all(".lifted").length);
      tap(item, 0.5, 0.5);
      say("lowered", all(".lifted").length);
    }
  )script");
  HEED_SKIP_WITHOUT_BROWSER(result);
  expect_sound_pages(result, pages.size());
  EXPECT_EQ(occurrences(result.seen, "first=1; second=0; near=true; let=;"), 8u) << result.seen;
  EXPECT_EQ(occurrences(result.seen, "cell=true;"), 4u) << result.seen;
  EXPECT_EQ(occurrences(result.seen, "lifted=1; lowered=0;"), 4u) << result.seen;
}

TEST(PagesInBrowser, LinesAreTappedToo) {
  const BrowserResult result =
      browse_everywhere({render_attention_page(sample_view(2, 3, 8, 6))}, R"script(
    all("#map-form")[0].value = "lines";
    all("#map-form")[0].dispatchEvent(new view.Event("change"));
    tap(all(".queries li")[2], 0.5, 0.5);
    say("row", all(".readout")[0].textContent.startsWith("▁row2 attends to "));
  )script");
  HEED_SKIP_WITHOUT_BROWSER(result);
  expect_sound_pages(result, 1);
  EXPECT_EQ(occurrences(result.seen, "row=true;"), 4u) << result.seen;
}

TEST(PagesInBrowser, WhatScrollsSaysSoAndKeepsItsRowLabels) {
  const std::vector<std::string> pages = {render_report(make_sample_report(400, 3, 4)),
                                          render_attention_page(sample_view(3, 8, 40, 30)),
                                          render_heads_page(sample_heads(6, 8)),
                                          render_comparison(sample_comparison(3))};
  // Of each box that is scrolled sideways: whether it fades, and whether a row's label stays in it.
  const BrowserResult result = browse_everywhere(pages, R"script(
    const boxes = all(".scroll, .map-scroll, .overview-scroll").filter((box) => box.scrollWidth > box.clientWidth + 1);
    const fades = (box) => box.classList.contains("more-right") && view.getComputedStyle(box).maskImage !== "none";
    say("wide", boxes.length > 0);
    say("fade", boxes.every(fades));
    const scroll = (x) => boxes.forEach((box) => {
      box.scrollLeft = x;
      box.dispatchEvent(new view.Event("scroll")); // which browsers send with the next picture only
    });
    scroll(60);
    const stays = (box) => {
      const label = [...box.querySelectorAll("tbody th, text[text-anchor=end], .layer")].pop();
      return label.getBoundingClientRect().right > box.getBoundingClientRect().left + 4;
    };
    say("stay", boxes.every(stays));
    scroll(100000);
    say("end", boxes.some((box) => box.classList.contains("more-right")));
  )script");
  HEED_SKIP_WITHOUT_BROWSER(result);
  expect_sound_pages(result, pages.size());
  for (std::size_t i = 0; i < pages.size(); ++i) {
    const std::size_t at = result.seen.find(fmt::format("{} 390 dark", i));
    ASSERT_NE(at, std::string::npos) << result.seen;
    EXPECT_THAT(result.seen.substr(at, result.seen.find('\n', at) - at),
                ::testing::HasSubstr("wide=true; fade=true; stay=true; end=false;"))
        << i;
  }
}

TEST(PagesInBrowser, NothingIsDrawnAboveTheTopmostGridLine) {
  const std::vector<std::string> pages = {render_report(make_sample_report(400, 1, 1)),
                                          render_comparison(sample_comparison(3))};
  const BrowserResult result = browse_everywhere(pages, R"script(
    const over = all(".plot svg").filter((svg) => {
      const top = Math.min(...[...svg.querySelectorAll(".grid")].map((line) => Number(line.getAttribute("y1"))));
      return [...svg.querySelectorAll(".line, .band")].some((line) => line.getBBox().y < top - 1.5);
    });
    say("plots", all(".plot svg").length);
    say("above", over.length);
    const name = all(".mark-name")[0], line = all(".mark")[0];
    if (name) say("mark", name.getBBox().y + name.getBBox().height <= Number(line.getAttribute("y1")));
  )script");
  HEED_SKIP_WITHOUT_BROWSER(result);
  expect_sound_pages(result, pages.size());
  EXPECT_EQ(occurrences(result.seen, "plots=6; above=0;"), 4u) << result.seen;
  EXPECT_EQ(occurrences(result.seen, "plots=2; above=0; mark=true;"), 4u) << result.seen;
}

}  // namespace
}  // namespace heed
