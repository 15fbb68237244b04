#include "heed/inspect/report.h"

#include <fmt/format.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/base/unicode.h"
#include "heed/inspect/page_assets.h"
#include "heed/inspect/report_data.h"
#include "heed/inspect/sample_report.h"
#include "heed/inspect/test_page.h"

namespace heed {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::ThrowsMessage;

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

TEST(ThinCurve, FewPointsStayAsTheyAre) {
  const ThinnedCurve curve = thin_curve({{20, 2.0}, {10, 1.0}}, 2);
  EXPECT_THAT(curve.step, ElementsAre(10, 20));
  EXPECT_THAT(curve.mean, ElementsAre(1.0, 2.0));
  EXPECT_THAT(curve.least, IsEmpty());
}

TEST(ThinCurve, ManyPointsBecomeMeansAndRanges) {
  const ThinnedCurve curve =
      thin_curve({{1, 1.0}, {2, 3.0}, {3, nan_value}, {4, 5.0}, {5, nan_value}}, 3);
  EXPECT_THAT(curve.step, ElementsAre(2, 4, 5));
  EXPECT_THAT(curve.mean, ElementsAre(2.0, 5.0, ::testing::IsNan()));
  EXPECT_EQ(curve.least[0], 1.0);
  EXPECT_EQ(curve.largest[0], 3.0);
  EXPECT_EQ(curve.not_finite_count, 2u);
}

TEST(ThinCurve, NeverExceedsTheLimit) {
  for (const int count : {0, 1, 1499, 1500, 1501, 3001, 100'000}) {
    std::vector<CurvePoint> points(count);
    EXPECT_LE(thin_curve(points).step.size(), 1500u);
    EXPECT_EQ(thin_curve(points).step.empty(), count == 0);
  }
}

TEST(ReportData, CurvesOfOneGroupShareAChart) {
  RunReport report;
  report.curves = {{"training", "Loss", "nats", {{1, 2.0}}},
                   {"alone", "", "", {{1, nan_value}}},
                   {"validation", "Loss", "nats", {{1, 3.0}}, Better::lower, false},
                   {"alone", "", "", {}}};
  const Json charts = report_data(report)["charts"];
  ASSERT_EQ(charts.size(), 3u);
  EXPECT_EQ(charts[0]["curves"].size(), 2u);
  EXPECT_EQ(charts[0]["curves"][1]["better"], "lower");
  EXPECT_EQ(charts[0]["logarithmic"], false);
  EXPECT_TRUE(charts[1]["curves"][0]["mean"][0].is_null());
  EXPECT_EQ(charts[1]["curves"][0]["notFinite"], 1);
}

TEST(ReportData, HeadsOfOneSentenceShareTheirTokens) {
  const Json attention = report_data(make_sample_report(100, 2, 3))["attention"];
  ASSERT_EQ(attention.size(), 3u);
  EXPECT_EQ(attention[0]["heads"].size(), 6u);
  EXPECT_EQ(attention[0]["rows"][0], "▁Zwei");
}

TEST(RenderReport, HasEveryPart) {
  const std::string page = render_report(make_sample_report());
  for (const char* id : {"curves", "history", "samples", "attention", "summary", "notes"}) {
    EXPECT_THAT(page, HasSubstr(fmt::format("<section id=\"{}\"", id)));
    EXPECT_THAT(page, HasSubstr(fmt::format("<a href=\"#{}\">", id)));
  }
  EXPECT_THAT(page, HasSubstr("<mark class=\"other\">draußen</mark>"));
  EXPECT_THAT(page, HasSubstr("<mark class=\"missed\">im Freien</mark>"));
  EXPECT_THAT(page, HasSubstr("<dd dir=\"auto\" lang=\"de\">"));
  EXPECT_THAT(page, HasSubstr("<span class=\"badge\">best</span>"));
  EXPECT_THAT(page, HasSubstr(std::string(page_assets::attention_js().substr(0, 200))));
}

TEST(RenderReport, EmptyReportIsAPage) {
  const std::string page = render_report({});
  EXPECT_THAT(page, HasSubstr("<h1 dir=\"auto\">Training run</h1>"));
  EXPECT_THAT(page, Not(HasSubstr("<section")));
}

TEST(RenderReport, NeedsNothingFromOutside) {
  const std::string page = render_report(make_sample_report());
  for (const char* reference : {"src=", "@import", "url(", "href=\"http", "fetch("}) {
    EXPECT_THAT(page, Not(HasSubstr(reference)));
  }
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST(RenderReport, HostileTextStaysText) {
  const std::string evil = "</script></style></title><img onerror=alert(1)>\"'<!--";
  RunReport report;
  report.title = report.subtitle = report.sample_wording.score = evil;
  report.source_language = report.target_language = evil;
  report.summary = {{evil, evil, true}};
  report.curves = {{evil, evil, evil, {{1, 1.0}}}};
  report.history = {{evil}, {{evil}}, 0};
  report.samples = {{evil, evil, evil + " more", 1.0}, {evil, "", evil, std::nullopt}};
  report.attention = {{evil, evil, {evil}, {evil}, 0, 0, {1.0f}}};
  report.notes = {evil};
  const std::string page = render_report(report);
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("<!--")));
  EXPECT_THAT(page, Not(HasSubstr("lang=\"</")));
  int script_ends = 0;
  for (auto at = page.find("</script"); at != std::string::npos;
       at = page.find("</script", at + 1)) {
    ++script_ends;
  }
  EXPECT_EQ(script_ends, 2);
  EXPECT_EQ(data_of(page)["charts"][0]["title"], evil);
}

TEST(RenderReport, InvalidUtf8BecomesReplacementCharacters) {
  RunReport report;
  report.title = "a\xFFz";
  report.samples = {{"\xC3", std::string("\0", 1), "\xED\xA0\x80", std::nullopt}};
  report.attention = {{"\xFF", "", {"\xFF"}, {"\x80"}, 0, 0, {1.0f}}};
  const std::string page = render_report(report);
  EXPECT_FALSE(find_invalid_utf8(page).has_value());
  EXPECT_EQ(page.find('\0'), std::string::npos);
}

TEST(RenderReport, SixLayersOfEightHeadsStayBelowThreeMegabytes) {
  RunReport report = make_sample_report(100'000);
  report.attention.clear();
  for (const char* kind : {"encoder", "decoder", "encoder-decoder"}) {
    for (int layer = 0; layer < 6; ++layer) {
      for (int head = 0; head < 8; ++head) {
        report.attention.push_back(make_sample_map(60, 60, layer, head));
        report.attention.back().kind = kind;
      }
    }
  }
  EXPECT_LT(render_report(report).size(), 3'000'000u);
}

TEST(RenderReport, RefusesMapsOfOneSentenceWithOtherTokens) {
  RunReport report;
  report.attention = {make_sample_map(2, 3, 1, 1), make_sample_map(3, 3, 1, 2)};
  EXPECT_THAT(
      [&] { render_report(report); },
      ThrowsMessage<Error>(HasSubstr("layer 1, head 2 has other tokens than layer 1, head 1")));
}

TEST(RenderReport, RefusesARaggedHistory) {
  RunReport report;
  report.title = "run";
  report.history = {{"Step", "Loss"}, {{"1", "2"}, {"2"}}, std::nullopt};
  EXPECT_THAT([&] { render_report(report); },
              ThrowsMessage<Error>(HasSubstr("row 1 of the validation history has 1 cells for 2")));
}

TEST(RenderReport, IsAPageByItself) {
  EXPECT_THAT(render_report(make_sample_report()), ::testing::StartsWith("<!doctype html>\n"));
}

TEST(WithResults, StandAtTheHeadAndInTheRunSectionOnce) {
  RunReport report;
  report.summary = {{"Steps", "2", true}};
  const std::string page = render_report(report);
  const std::string once = with_results(page, {{"Test <BLEU>", "1.0", true}, {"Beam", "4"}});
  EXPECT_THAT(once, HasSubstr("<div><dt>Steps</dt><dd>2</dd></div>\n<!--results--><div><dt>Test "
                              "&lt;BLEU&gt;</dt><dd>1.0</dd></div>\n<!--/results--></dl>"));
  EXPECT_THAT(once,
              HasSubstr("<tbody>\n<!--results--><tr><th scope=\"row\">Test &lt;BLEU&gt;</th>"));
  EXPECT_THAT(once, HasSubstr("Beam</th><td dir=\"auto\">4</td></tr>\n<!--/results--><tr>"));
  EXPECT_EQ(with_results(once, {{"Test <BLEU>", "1.0", true}, {"Beam", "4"}}), once);
  EXPECT_THAT(with_results(once, {{"Test", "2.0"}}), ::testing::Not(HasSubstr("BLEU")));
  EXPECT_EQ(with_results("<p>another page</p>", {{"Test", "2.0", true}}), "<p>another page</p>");
}

}  // namespace
}  // namespace heed
