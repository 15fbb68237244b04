#include "heed/inspect/figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "heed/base/json.h"
#include "heed/inspect/figure_drawing.h"
#include "heed/inspect/html.h"
#include "heed/inspect/page.h"

namespace heed {

namespace {

constexpr std::string_view page_style =
    ".figures{columns:28rem 2;column-gap:3.5rem;padding-top:2.5rem}"
    ".figures h2{margin-bottom:.375rem}.figures "
    ".aside{font-size:.9375rem;margin-bottom:1rem}"
    ".figures section{padding:0 0 3rem;break-inside:avoid}"
    ".figures svg{display:block;width:100%;height:auto;overflow:visible;direction:ltr}"
    ".figures svg text{font-family:var(--sans)}"
    "@media print{.figures{columns:2;column-gap:1.5rem}}";
constexpr std::string_view fonts =
    "text{font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",sans-serif}";

// Where everything lies on a picture of all figures.
constexpr double sheet_margin = 24, sheet_gap = 36, sheet_title_height = 30;
constexpr double sheet_title_size = 20, sheet_subtitle_size = 12;

struct SheetLayout {
  std::vector<Point> places;  // of the figures' titles
  double width = 0, height = 0;
};

// Each figure goes to the column that is shorter so far.
SheetLayout lay_out(const FigureSheet& sheet) {
  SheetLayout layout;
  const std::size_t columns = sheet.figures.size() > 1 ? 2 : 1;
  const double top = sheet_margin + (sheet.subtitle.empty() ? 34 : 54);
  std::vector<double> bottoms(columns, top - sheet_gap);
  for (const Figure& figure : sheet.figures) {
    const auto shortest = std::min_element(bottoms.begin(), bottoms.end());
    const auto column = static_cast<double>(shortest - bottoms.begin());
    layout.places.push_back(
        {sheet_margin + column * (figure_width + sheet_gap), *shortest + sheet_gap});
    SvgCanvas measure;
    *shortest += sheet_gap + sheet_title_height + draw_figure(measure, figure);
  }
  const double text = std::max(text_width(sheet.title, sheet_title_size),
                               text_width(sheet.subtitle, sheet_subtitle_size));
  const double figures =
      figure_width * static_cast<double>(columns) + sheet_gap * static_cast<double>(columns - 1);
  layout.width = std::ceil(2 * sheet_margin + std::max(text, figures));
  layout.height = std::ceil(*std::max_element(bottoms.begin(), bottoms.end()) + sheet_margin);
  return layout;
}

void draw_sheet(const FigureSheet& sheet, const SheetLayout& layout, Canvas& canvas) {
  constexpr Paint ink{Paint::Kind::ink}, muted{Paint::Kind::muted};
  canvas.move_to({sheet_margin, sheet_margin});
  canvas.text({0, 8}, sheet.title, sheet_title_size, ink, Anchor::start, 0);
  canvas.text({0, 32}, sheet.subtitle, sheet_subtitle_size, muted, Anchor::start, 0);
  for (std::size_t i = 0; i < sheet.figures.size(); ++i) {
    const Point& place = layout.places[i];
    canvas.move_to(place);
    canvas.text({0, 8}, sheet.figures[i].title, 14, ink, Anchor::start, 0);
    canvas.move_to({place.x, place.y + sheet_title_height});
    draw_figure(canvas, sheet.figures[i]);
  }
}

std::string theme_style(const SvgCanvas& canvas, Theme theme) {
  return canvas.style("", [theme](const Paint& paint) { return to_hex(colour_of(paint, theme)); }) +
         fmt::format(".paper{{fill:{}}}", to_hex(palette(theme).paper));
}

Json json_of(const HeatFigure& heat) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < heat.rows; ++i) {
    const auto begin = heat.values.begin() + static_cast<std::ptrdiff_t>(i * heat.columns);
    rows.push_back(std::vector<float>(begin, begin + static_cast<std::ptrdiff_t>(heat.columns)));
  }
  return {{"row_axis", {{"name", heat.row_axis.name}, {"first", heat.row_axis.first}}},
          {"column_axis", {{"name", heat.column_axis.name}, {"first", heat.column_axis.first}}},
          {"values", std::move(rows)}};
}

Json json_of(const LineFigure& figure) {
  Json lines = Json::array();
  for (const FigureLine& line : figure.lines) {
    lines.push_back({{"name", line.name}, {"x", line.x}, {"y", line.y}});
  }
  return {{"x_axis", figure.x_name}, {"y_axis", figure.y_name}, {"lines", std::move(lines)}};
}

Json json_of(const BarFigure& figure) {
  Json bars = Json::array();
  for (const BarFigure::Bar& bar : figure.bars) {
    bars.push_back({{"name", bar.name},
                    {"value", bar.value},
                    {"least", bar.least},
                    {"greatest", bar.greatest}});
  }
  return {{"unit", figure.unit}, {"bars", std::move(bars)}};
}

Json json_of(const TurnFigure& figure) {
  Json circles = Json::array();
  for (const TurnFigure::Circle& circle : figure.circles) {
    circles.push_back({{"name", circle.name}, {"x", circle.x}, {"y", circle.y}});
  }
  return {{"circles", std::move(circles)}};
}

}  // namespace

std::string render_figure_page(const FigureSheet& sheet, std::optional<Theme> theme) {
  SvgCanvas canvas;
  std::string body = "<main class=\"figures\">\n";
  for (const Figure& figure : sheet.figures) {
    const double height = std::ceil(draw_figure(canvas, figure));
    body += fmt::format(
        "<section>\n<h2>{0}</h2>\n<p class=\"aside\">{1}</p>\n"
        "<svg viewBox=\"0 0 {2:g} {3:g}\" role=\"img\" aria-label=\"{0}\">",
        escape_html(figure.title), escape_html(figure.caption), figure_width, height);
    body += canvas.take_elements() + "</svg>\n</section>\n";
  }
  const std::string colours = canvas.style(".figures ", [](const Paint& paint) {
    return fmt::format("light-dark({},{})", to_hex(colour_of(paint, Theme::light)),
                       to_hex(colour_of(paint, Theme::dark)));
  });
  return page_start({.title = sheet.title,
                     .subtitle = sheet.subtitle,
                     .headlines = sheet.facts,
                     .theme = theme},
                    {page_style, colours}) +
         body + "</main>\n" + page_end(Json::object(), {});
}

std::string render_figure_svg(const FigureSheet& sheet, std::optional<Theme> theme) {
  const SheetLayout layout = lay_out(sheet);
  SvgCanvas canvas;
  draw_sheet(sheet, layout, canvas);
  const std::string elements = canvas.take_elements();
  std::string style = std::string(fonts) + theme_style(canvas, theme.value_or(Theme::light));
  if (!theme) {
    style += "@media (prefers-color-scheme:dark){" + theme_style(canvas, Theme::dark) + "}";
  }
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:g}\" height=\"{1:g}\" "
      "viewBox=\"0 0 {0:g} {1:g}\" role=\"img\"><title>{2}</title><style>{3}</style>"
      "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>{4}</svg>\n",
      layout.width, layout.height, escape_html(sheet.title), style, elements);
}

Image draw_figures(const FigureSheet& sheet, Theme theme) {
  constexpr double pixels_per_unit = 2;
  const SheetLayout layout = lay_out(sheet);
  Image image(static_cast<int>(layout.width * pixels_per_unit),
              static_cast<int>(layout.height * pixels_per_unit), palette(theme).paper);
  ImageCanvas canvas(image, pixels_per_unit, theme);
  draw_sheet(sheet, layout, canvas);
  return image;
}

Json figure_json(const FigureSheet& sheet) {
  Json json = {{"title", sheet.title}, {"subtitle", sheet.subtitle}, {"facts", Json::object()}};
  for (const auto& [name, value] : sheet.facts) {
    json["facts"][name] = value;
  }
  json["figures"] = Json::array();
  for (const Figure& figure : sheet.figures) {
    Json entry = std::visit([](const auto& content) { return json_of(content); }, figure.content);
    entry["title"] = figure.title;
    entry["caption"] = figure.caption;
    json["figures"].push_back(std::move(entry));
  }
  return json;
}

}  // namespace heed
