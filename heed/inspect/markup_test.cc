// Every page and picture over hostile texts, as parsers read them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "heed/base/json.h"
#include "heed/inspect/attention_overview.h"
#include "heed/inspect/attention_page.h"
#include "heed/inspect/comparison_page.h"
#include "heed/inspect/figure.h"
#include "heed/inspect/heads_page.h"
#include "heed/inspect/heat_map.h"
#include "heed/inspect/html.h"
#include "heed/inspect/report.h"
#include "heed/inspect/sample_attention.h"
#include "heed/inspect/sample_pages.h"
#include "heed/inspect/test_browser.h"
#include "heed/inspect/test_markup.h"

namespace heed {
namespace {

using ::testing::HasSubstr;

AttentionMap map_of(const std::vector<std::string>& labels, const std::string& title) {
  AttentionMap map{title, title, labels, labels, 1, 1, {}};
  map.weights.assign(labels.size() * labels.size(), 0.5f);
  map.head_name = title;
  return map;
}

AttentionStack stack_of(const std::vector<std::string>& labels, const std::string& title) {
  AttentionStack stack =
      sample_stack("cross", 1, 2, static_cast<int>(labels.size()), static_cast<int>(labels.size()));
  stack.row_labels = stack.column_labels = labels;
  stack.kind = title + " ";
  return stack;
}

FigureSheet sheet_named(const std::string& text) {
  FigureSheet sheet = sample_figures();
  sheet.title = sheet.subtitle = text;
  sheet.facts.emplace_back(text, text);
  for (Figure& figure : sheet.figures) {
    figure.title = figure.caption = text;
  }
  std::get<HeatFigure>(sheet.figures[0].content).row_axis.name = text;
  std::get<LineFigure>(sheet.figures[1].content).lines[0].name = text;
  std::get<BarFigure>(sheet.figures[2].content).bars[0].name = text;
  std::get<TurnFigure>(sheet.figures[3].content).circles[0].name = text;
  return sheet;
}

// Pictures in which `text` stands wherever a text may.
std::vector<std::string> pictures_of(const std::string& text) {
  const std::vector<std::string> labels = {text, "b" + text};
  return {render_heat_map(map_of(labels, text)),
          render_heat_map(map_of(labels, text), {.theme = Theme::dark}),
          render_overview(stack_of(labels, text), text, Theme::light),
          render_figure_svg(sheet_named(text)), render_figure_svg(sheet_named(text), Theme::dark)};
}

std::string report_of(const std::string& text) {
  RunReport report;
  report.title = report.subtitle = report.source_language = report.target_language = text;
  report.summary = {{text, text, true}};
  report.curves = {{text, text, text, {{1, 1.0}, {2, 2.0}}}};
  report.history = {{text, text}, {{text, text}}, 0};
  report.counts = CountTable{text, text, text, {text}, {text, text}, {{3, 0}}, text};
  report.samples = {{text, text, "other " + text, 1.0}};
  report.sample_wording = {text, text, text, text, text};
  report.attention = {map_of({text, "b"}, text)};
  report.notes = {text};
  return render_report(report);
}

std::string heads_of(const std::string& text) {
  HeadsPage page = sample_heads(1, 2);
  page.title = page.subtitle = page.score_name = page.unit = page.kinds[0] = text;
  page.rows[0].kind = page.rows[1].kind = text;
  page.headlines = {{text, text}};
  return render_heads_page(page);
}

std::string comparison_of(const std::string& text) {
  ComparisonPage page = sample_comparison(2);
  page.title = page.subtitle = text;
  page.headlines = {{text, text}};
  page.notes = {text};
  ComparisonSection& section = page.sections[0];
  section.title = section.details_title = text;
  section.findings = section.details = {text};
  ComparisonTable& table = section.tables[0];
  table.title = table.note = table.columns[0] = table.rows[0][0].text = text;
  table.rows[0][1] = {text, true, text};
  ComparisonChart& chart = section.charts[0];
  chart.title = chart.x_name = chart.unit = chart.mark_name = chart.curves[0].name = text;
  return render_comparison(page);
}

std::vector<std::string> pages_of(const std::string& text) {
  AttentionView view = sample_view(1, 2, 3, 2);
  view.source = view.target = view.model = text;
  view.stacks[0].row_labels[0] = view.stacks[0].column_labels[0] = text;
  return {report_of(text), render_attention_page(view), heads_of(text),
          render_figure_page(sheet_named(text)), comparison_of(text)};
}

TEST(Markup, TheReaderSeesWhatIsWrong) {
  const auto xml = [](const std::string& text) { return markup_error(text, Markup::xml); };
  EXPECT_EQ(xml("<a b=\"1&amp;&#39;\"><c/>text &lt; &#10;<!-- & --></a>\n"), "");
  EXPECT_THAT(xml("<a>\xEF\xBF\xBE</a>"), HasSubstr("character FFFE at byte 3"));
  EXPECT_THAT(xml("<a>\x1b</a>"), HasSubstr("character 001B"));
  EXPECT_THAT(xml("<a>\xFF</a>"), HasSubstr("not UTF-8"));
  EXPECT_THAT(xml("<a><b></a></b>"), HasSubstr("</a> where </b> is due"));
  EXPECT_THAT(xml("<a>"), HasSubstr("not closed: a"));
  EXPECT_THAT(xml("<a/><b/>"), HasSubstr("second root"));
  EXPECT_THAT(xml("<a b=\"<\"/>"), HasSubstr("< in a value"));
  EXPECT_THAT(xml("<a b=1/>"), HasSubstr("value without quotes"));
  EXPECT_THAT(xml("<a b=\"1\" b=\"2\"/>"), HasSubstr("attribute twice: b"));
  EXPECT_THAT(xml("<a hidden/>"), HasSubstr("attribute without a value"));
  EXPECT_THAT(xml("<a>R&D</a>"), HasSubstr("& that begins no reference"));
  EXPECT_THAT(xml("<a>]]></a>"), HasSubstr("]]>"));
  const std::string head = "<!doctype html>\n<html><meta charset=\"utf-8\">";
  EXPECT_EQ(markup_error(head + "<p hidden>a<script>1 < 2 && 3</script></p></html>", Markup::html),
            "");
  EXPECT_THAT(markup_error(head + "<p>a<script></style></script></p></html>", Markup::html),
              HasSubstr("script that ends early"));
}

TEST(Markup, EveryPictureIsXmlWhateverTheLabelsAre) {
  for (const std::string& text : hostile_texts()) {
    for (const std::string& picture : pictures_of(text)) {
      ASSERT_EQ(markup_error(picture, Markup::xml), "") << Json(printable_text(text)).dump();
    }
  }
  EXPECT_THAT(pictures_of("\xEF\xBF\xBE")[0], HasSubstr(">&lt;U+FFFE&gt;</text>"));
  EXPECT_THAT(pictures_of("\x01")[0], HasSubstr(">&lt;U+0001&gt;</text>"));
}

TEST(Markup, EveryPageIsHtmlWhateverTheTextsAre) {
  for (const std::string& text : hostile_texts()) {
    for (const std::string& page : pages_of(text)) {
      ASSERT_EQ(markup_error(page, Markup::html), "") << Json(printable_text(text)).dump();
    }
  }
}

TEST(Markup, BrowsersReadHostilePicturesAndPages) {
  Json pictures = Json::array();
  for (const std::string& text : hostile_texts()) {
    pictures.push_back(pictures_of(text));
  }
  const BrowserResult parsed = browse(
      "<!doctype html><meta charset=\"utf-8\"><script type=\"application/json\" id=\"svg\">" +
          json_for_script(pictures) + "</script><body></body>",
      R"script(
    const read = (text) => new DOMParser().parseFromString(text, "image/svg+xml");
    const broken = (text) => read(text).querySelector("parsererror") !== null;
    const texts = JSON.parse(document.getElementById("svg").textContent).flat();
    document.getElementById("seen").append(
      `read=${texts.length};broken=${texts.filter(broken).length};sees=${broken("<svg>\u0001</svg>")};`);
  )script");
  HEED_SKIP_WITHOUT_BROWSER(parsed);
  EXPECT_EQ(console_messages(parsed.log), "");
  EXPECT_THAT(parsed.seen,
              HasSubstr(fmt::format("read={};broken=0;sees=true;", 5 * hostile_texts().size())));
  const std::vector<std::string> pages =
      pages_of("\x01\xEF\xBF\xBE\xFF</script><img src=x onerror='window.hit=1'>");
  const BrowserResult shown =
      browse_everywhere(pages, "say('hit', view.hit); say('images', page.images.length);");
  expect_sound_pages(shown, pages.size());
  std::size_t untouched = 0;
  const std::string expected = "hit=undefined; images=0;";
  for (std::size_t at = shown.seen.find(expected); at != std::string::npos;
       at = shown.seen.find(expected, at + 1)) {
    ++untouched;
  }
  EXPECT_EQ(untouched, 4 * pages.size());
}

// Browsers drop a declaration whose name they do not know, without a word.
TEST(Markup, StylesDeclareWhatThereIs) {
  const std::regex rule("[{;]\\s*([^:{};]+):");
  for (std::string page : pages_of("text")) {
    page = page.substr(0, page.find("</style>")).substr(page.find("<style>"));
    page = std::regex_replace(page, std::regex("/\\*[^*]*\\*/"), "");
    int count = 0;
    for (std::sregex_iterator i(page.begin(), page.end(), rule), end; i != end; ++i, ++count) {
      EXPECT_EQ((*i)[1].str().find('_'), std::string::npos) << (*i)[1];  // no property has one
    }
    EXPECT_GT(count, 200);
  }
}

}  // namespace
}  // namespace heed
