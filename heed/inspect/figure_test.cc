// Figures in all their forms: what is drawn, in which colours, and what is refused.
#include "heed/inspect/figure.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/inspect/figure_drawing.h"

namespace heed {
namespace {

constexpr float nothing = std::numeric_limits<float>::quiet_NaN();

FigureSheet sheet_of(Figure figure) {
  return {.title = "A <title> & more", .subtitle = "below", .figures = {std::move(figure)}};
}

Figure heat(std::vector<float> values) {
  return {"Heat", "A caption.",
          HeatFigure{.rows = 2,
                     .columns = values.size() / 2,
                     .values = values,
                     .row_axis = {"row"},
                     .column_axis = {"column", 10}}};
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

TEST(SignedColours, StandOutFromTheMiddleOnBothSides) {
  for (const Theme theme : {Theme::light, Theme::dark}) {
    const auto& colours = signed_colours(theme);
    const auto brightness = [&](int level) {
      const Colour& c = colours[static_cast<std::size_t>(level)];
      return 0.3 * c.red + 0.6 * c.green + 0.1 * c.blue;
    };
    const double sign = theme == Theme::light ? -1 : 1;  // darker, or lighter, towards the ends
    for (int step = 1; step <= signed_level_count / 2; ++step) {
      const int middle = signed_level_count / 2;
      EXPECT_GE(sign * (brightness(middle + step) - brightness(middle + step - 1)), -1.01) << step;
      EXPECT_GE(sign * (brightness(middle - step) - brightness(middle - step + 1)), -1.01) << step;
    }
    EXPECT_GT(colours.front().red, colours.front().blue);  // warm below 0
    EXPECT_LT(colours.back().red, colours.back().blue);    // cool above
  }
  EXPECT_EQ(signed_level(0, 2), signed_level_count / 2);
  EXPECT_EQ(signed_level(-2, 2), 0);
  EXPECT_EQ(signed_level(9, 2), signed_level_count - 1);
  EXPECT_EQ(signed_level(1, 0), signed_level_count / 2);
}

TEST(Figure, HeatMapsJoinEqualCellsAndLeaveOutWhatIsNoNumber) {
  SvgCanvas canvas;
  draw_figure(canvas, heat({0, 0, 3, nothing, 1.5, 3}));
  const std::string svg = canvas.take_elements();
  EXPECT_NE(svg.find("<path class=\"q0\" d=\"M0 0h2v1h-2z\"/>"), std::string::npos) << svg;
  EXPECT_NE(svg.find("<path class=\"q254\" d=\"M2 0h1v1h-1zM2 1h1v1h-1z\"/>"), std::string::npos);
  EXPECT_NE(svg.find("<path class=\"q127\" d=\"M1 1h1v1h-1z\"/>"), std::string::npos);
  EXPECT_NE(svg.find(">10</text>"), std::string::npos);  // the axis begins at 10
  EXPECT_NE(svg.find(">3</text>"), std::string::npos);   // the legend ends at 3
}

TEST(Figure, NumbersOfEitherSignHaveAScaleOfTheirOwn) {
  SvgCanvas canvas;
  draw_figure(canvas, heat({-4, 0, 2, 4}));
  const std::string svg = canvas.take_elements();
  EXPECT_NE(svg.find("<path class=\"d0\" d=\"M0 0h1v1h-1z\"/>"), std::string::npos) << svg;
  EXPECT_NE(svg.find("<path class=\"d63\" d=\"M1 0h1v1h-1z\"/>"), std::string::npos);
  EXPECT_NE(svg.find("<path class=\"d126\" d=\"M1 1h1v1h-1z\"/>"), std::string::npos);
}

TEST(Figure, LinesGoThroughTheirPoints) {
  SvgCanvas canvas;
  const LineFigure lines{
      .lines = {{"one", {0, 1}, {0, 1}}, {"two", {0, 1}, {1, 1}}}, .x_name = "x", .y_name = "y"};
  draw_figure(canvas, {"Lines", "", lines});
  const std::string svg = canvas.take_elements();
  EXPECT_EQ(count(svg, "<path class=\"s0o\""), 1u);
  EXPECT_EQ(count(svg, "<path class=\"s1o\""), 1u);
  EXPECT_NE(svg.find(">two</text>"), std::string::npos);

  LineFigure stairs = lines;
  stairs.steps = true;
  SvgCanvas stepped;
  draw_figure(stepped, {"Stairs", "", stairs});
  EXPECT_GT(count(stepped.take_elements(), "L"), count(svg, "L"));

  LineFigure marked = lines;
  marked.points = true;
  SvgCanvas circles;
  draw_figure(circles, {"Marked", "", marked});
  EXPECT_EQ(count(circles.take_elements(), "<circle"), 4u);
  EXPECT_EQ(count(svg, "<circle"), 0u);
}

TEST(Figure, TheAxisEndsAtANumber) {
  SvgCanvas canvas;
  const LineFigure buckets{.lines = {{"", {0, 1}, {0, 31}}}, .y_name = "bucket", .steps = true};
  draw_figure(canvas, {"Buckets", "", buckets});
  const std::string svg = canvas.take_elements();
  EXPECT_NE(svg.find(">30</text>"), std::string::npos);
  EXPECT_NE(svg.find(">40</text>"), std::string::npos);
  EXPECT_EQ(svg.find(">50</text>"), std::string::npos);
}

TEST(Figure, BarsAreAsLongAsTheirValues) {
  SvgCanvas canvas;
  const BarFigure bars{.bars = {{"ours", 2, 1.5, 4, true}, {"theirs", 1, 1, 1, false}},
                       .unit = "times as fast",
                       .mark = 1};
  draw_figure(canvas, {"Bars", "", bars});
  const std::string svg = canvas.take_elements();
  const double unit = (figure_width - 56) / 4;  // the range of the first reaches furthest
  EXPECT_NE(svg.find(fmt::format("width=\"{:g}\" height=\"9\"", 2 * unit)), std::string::npos)
      << svg;
  EXPECT_NE(svg.find(fmt::format("width=\"{:g}\" height=\"9\"", unit)), std::string::npos) << svg;
  EXPECT_NE(svg.find(fmt::format("width=\"{:g}\" height=\"1.5\"", 2.5 * unit)), std::string::npos);
  EXPECT_NE(svg.find(">theirs</text>"), std::string::npos);
  EXPECT_NE(svg.find(">times as fast</text>"), std::string::npos);
}

TEST(Figure, VectorsTurnFromTheCentreOfTheirCircle) {
  SvgCanvas canvas;
  draw_figure(canvas, {"Turns", "", TurnFigure{{{"pair 0", {1, 0, -1}, {0, 1, 0}}}}});
  const std::string svg = canvas.take_elements();
  EXPECT_EQ(count(svg, "<circle"), 1u);
  EXPECT_EQ(count(svg, "<path"), 3u);
  EXPECT_NE(svg.find(">2</text>"), std::string::npos);
}

TEST(Figure, PagesShowTextAsTextAndFetchNothing) {
  const std::string page = render_figure_page(sheet_of(heat({0, 1, 2, 3})));
  EXPECT_NE(page.find("A &lt;title&gt; &amp; more"), std::string::npos);
  EXPECT_EQ(page.find("<title>A <title>"), std::string::npos);
  EXPECT_EQ(page.find(" src="), std::string::npos);
  EXPECT_EQ(page.find("href=\"http"), std::string::npos);
  EXPECT_NE(page.find("light-dark("), std::string::npos);
}

TEST(Figure, PicturesFollowTheViewerUnlessTold) {
  const FigureSheet sheet = sheet_of(heat({0, 1, 2, 3}));
  EXPECT_NE(render_figure_svg(sheet).find("prefers-color-scheme:dark"), std::string::npos);
  const std::string dark = render_figure_svg(sheet, Theme::dark);
  EXPECT_EQ(dark.find("prefers-color-scheme"), std::string::npos);
  EXPECT_NE(dark.find(".paper{fill:" + to_hex(palette(Theme::dark).paper)), std::string::npos);
}

TEST(Figure, ImagesHaveThePixelsOfTheCells) {
  const Image image = draw_figures(sheet_of(heat({0, 3, 3, 0})));
  const auto colour_count = [&](const Colour& wanted) {
    std::size_t found = 0;
    for (const Colour& pixel : image.pixels) {
      found += pixel.red == wanted.red && pixel.green == wanted.green && pixel.blue == wanted.blue;
    }
    return found;
  };
  const double cells = 342.0 * 342 * 4;  // two pixels for each unit
  EXPECT_NEAR(static_cast<double>(colour_count(weight_colours(Theme::light).back())), cells / 2,
              0.01 * cells);
  const std::string png = encode_png(image);
  EXPECT_EQ(png.substr(1, 3), "PNG");
}

TEST(Figure, JsonHasTheNumbers) {
  FigureSheet sheet = sheet_of(heat({0, 1, 2, nothing}));
  sheet.figures.push_back({"Lines", "", LineFigure{.lines = {{"one", {0, 1}, {5, 6}}}}});
  const Json json = figure_json(sheet);
  EXPECT_EQ(json["figures"][0]["values"].dump(), "[[0.0,1.0],[2.0,null]]");
  EXPECT_EQ(json["figures"][0]["column_axis"]["first"], 10);
  EXPECT_EQ(json["figures"][1]["lines"][0]["y"].dump(), "[5.0,6.0]");
}

TEST(Figure, RefusesNumbersThatDoNotFit) {
  SvgCanvas canvas;
  EXPECT_THROW(draw_figure(canvas, {"", "", HeatFigure{.rows = 2, .columns = 2, .values = {1}}}),
               Error);
  EXPECT_THROW(draw_figure(canvas, {"", "", LineFigure{.lines = {{"", {1, 2}, {1}}}}}), Error);
  EXPECT_THROW(draw_figure(canvas, {"", "", LineFigure{}}), Error);
  EXPECT_THROW(draw_figure(canvas, {"", "", BarFigure{.bars = {{"", -1, -1, -1}}}}), Error);
  EXPECT_THROW(draw_figure(canvas, {"", "", BarFigure{.bars = {{"", 1, 2, 3}}}}), Error);
  EXPECT_THROW(draw_figure(canvas, {"", "", BarFigure{}}), Error);
  EXPECT_THROW(draw_figure(canvas, {"", "", TurnFigure{{{"", {1}, {}}}}}), Error);
}

}  // namespace
}  // namespace heed
