#include "heed/inspect/canvas.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include "heed/inspect/html.h"

namespace heed {

namespace {

std::string number(double value) {
  return fmt::format("{:g}", std::round(value * 100) / 100);
}

std::string box_attributes(const Box& box) {
  return fmt::format("x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", number(box.x), number(box.y),
                     number(box.width), number(box.height));
}

// Calls visit(row, first column, count) for each run of equal levels in a row, but for no_level.
template <typename Visit>
void for_each_run(std::size_t rows, std::size_t columns, const std::vector<unsigned char>& levels,
                  Visit&& visit) {
  for (std::size_t row = 0; row < rows; ++row) {
    const unsigned char* line = levels.data() + row * columns;
    for (std::size_t begin = 0, end = 0; begin < columns; begin = end) {
      while (end < columns && line[end] == line[begin]) {
        ++end;
      }
      if (line[begin] != no_level) {
        visit(row, begin, end - begin);
      }
    }
  }
}

double distance_to_segment(const Point& point, const Point& a, const Point& b) {
  const double dx = b.x - a.x, dy = b.y - a.y;
  const double px = point.x - a.x, py = point.y - a.y;
  const double square = dx * dx + dy * dy;
  const double t = square > 0 ? std::clamp((px * dx + py * dy) / square, 0.0, 1.0) : 0;
  return std::hypot(px - t * dx, py - t * dy);
}

Colour mix(const Colour& from, const Colour& to, double share) {
  const auto channel = [share](std::uint8_t a, std::uint8_t b) {
    return static_cast<std::uint8_t>(std::lround(a + share * (b - a)));
  };
  return {channel(from.red, to.red), channel(from.green, to.green), channel(from.blue, to.blue)};
}

}  // namespace

Colour colour_of(const Paint& paint, Theme theme) {
  const bool light = theme == Theme::light;
  static constexpr std::array<std::array<Colour, 2>, series_colour_count> series = {
      {{{{0x35, 0x57, 0xb7}, {0x8f, 0xac, 0xff}}},
       {{{0xd2, 0x60, 0x0a}, {0xff, 0x9e, 0x57}}},
       {{{0x00, 0x80, 0x6a}, {0x3f, 0xcf, 0xb0}}},
       {{{0xa0, 0x3a, 0x9c}, {0xe5, 0x8f, 0xe0}}},
       {{{0x7a, 0x6a, 0x00}, {0xd8, 0xc3, 0x4a}}},
       {{{0x00, 0x83, 0xb3}, {0x56, 0xc4, 0xf0}}}}};
  const auto level = static_cast<std::size_t>(paint.level);
  switch (paint.kind) {
    case Paint::Kind::ink:
      return palette(theme).ink;
    case Paint::Kind::muted:
      return palette(theme).muted;
    case Paint::Kind::faint:
      return light ? Colour{0xdf, 0xe0, 0xe5} : Colour{0x36, 0x38, 0x41};
    case Paint::Kind::series:
      return series[level % series_colour_count][light ? 0 : 1];
    case Paint::Kind::weight:
      return weight_colours(theme)[level];
    case Paint::Kind::signed_number:
      return signed_colours(theme)[level];
  }
  return {};
}

// "s3" for what is filled, "s3o" for what is outlined.
std::string SvgCanvas::paint_class(const Paint& paint, Use use) {
  const std::pair item(paint, use);
  if (std::find(used_.begin(), used_.end(), item) == used_.end()) {
    used_.push_back(item);
  }
  static constexpr const char* names = "imfsqd";
  std::string name(1, names[static_cast<std::size_t>(paint.kind)]);
  if (paint.kind >= Paint::Kind::series) {
    name += std::to_string(paint.level);
  }
  return use == Use::fill ? name : name + "o";
}

std::string SvgCanvas::style(std::string_view scope, const ColourText& colour_text) const {
  SvgCanvas names;
  std::string rules;
  for (const auto& [paint, use] : used_) {
    rules += fmt::format("{}.{}{{{}:{}}}", scope, names.paint_class(paint, use),
                         use == Use::fill ? "fill" : "fill:none;stroke", colour_text(paint));
  }
  return rules;
}

void SvgCanvas::move_to(const Point& origin) {
  elements_ += fmt::format("{}<g transform=\"translate({} {})\">", moved_ ? "</g>" : "",
                           number(origin.x), number(origin.y));
  moved_ = true;
}

std::string SvgCanvas::take_elements() {
  std::string result = std::exchange(elements_, {});
  if (std::exchange(moved_, false)) {
    result += "</g>";
  }
  return result;
}

void SvgCanvas::rectangle(const Box& box, const Paint& paint) {
  elements_ +=
      fmt::format("<rect class=\"{}\" {}/>", paint_class(paint, Use::fill), box_attributes(box));
}

void SvgCanvas::frame(const Box& box, const Paint& paint) {
  elements_ +=
      fmt::format("<rect class=\"{}\" {}/>", paint_class(paint, Use::stroke), box_attributes(box));
}

void SvgCanvas::cells(const Box& box, std::size_t rows, std::size_t columns,
                      const std::vector<unsigned char>& levels, Paint::Kind kind) {
  std::array<std::string, 256> paths;
  for_each_run(rows, columns, levels, [&](std::size_t row, std::size_t column, std::size_t count) {
    paths[levels[row * columns + column]] +=
        fmt::format("M{} {}h{}v1h-{}z", column, row, count, count);
  });
  elements_ += fmt::format(
      "<g shape-rendering=\"crispEdges\" transform=\"translate({} {}) scale({:g} {:g})\">",
      number(box.x), number(box.y), box.width / static_cast<double>(columns),
      box.height / static_cast<double>(rows));
  for (std::size_t level = 0; level < paths.size(); ++level) {
    if (!paths[level].empty()) {
      elements_ +=
          fmt::format("<path class=\"{}\" d=\"{}\"/>",
                      paint_class({kind, static_cast<int>(level)}, Use::fill), paths[level]);
    }
  }
  elements_ += "</g>";
}

void SvgCanvas::line(const std::vector<Point>& points, const Paint& paint, double width) {
  std::string path;
  for (const Point& point : points) {
    path += fmt::format("{}{} {}", path.empty() ? "M" : "L", number(point.x), number(point.y));
  }
  elements_ +=
      fmt::format("<path class=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\" d=\"{}\"/>",
                  paint_class(paint, Use::stroke), number(width), path);
}

void SvgCanvas::circle(const Point& centre, double radius, const Paint& paint) {
  elements_ += fmt::format("<circle class=\"{}\" cx=\"{}\" cy=\"{}\" r=\"{}\"/>",
                           paint_class(paint, Use::stroke), number(centre.x), number(centre.y),
                           number(radius));
}

void SvgCanvas::text(const Point& at, std::string_view text, double size, const Paint& paint,
                     Anchor anchor, double turned) {
  const char* anchors[] = {"start", "middle", "end"};
  const std::string place = turned == 0
                                ? fmt::format("x=\"{}\" y=\"{}\"", number(at.x), number(at.y))
                                : fmt::format("transform=\"translate({} {}) rotate({})\"",
                                              number(at.x), number(at.y), number(-turned));
  elements_ += fmt::format(
      "<text class=\"{}\" {} dy=\".35em\" font-size=\"{}\" text-anchor=\"{}\">{}</text>",
      paint_class(paint, Use::fill), place, number(size), anchors[static_cast<int>(anchor)],
      escape_html(text));
}

int ImageCanvas::pixel_x(double x) const {
  return static_cast<int>(std::lround((x + origin_.x) * scale_));
}

int ImageCanvas::pixel_y(double y) const {
  return static_cast<int>(std::lround((y + origin_.y) * scale_));
}

void ImageCanvas::rectangle(const Box& box, const Paint& paint) {
  const int left = pixel_x(box.x), top = pixel_y(box.y);
  fill_rectangle(image_, left, top, pixel_x(box.x + box.width) - left,
                 pixel_y(box.y + box.height) - top, colour_of(paint, theme_));
}

void ImageCanvas::frame(const Box& box, const Paint& paint) {
  const int left = pixel_x(box.x), top = pixel_y(box.y);
  draw_frame(image_, left, top, pixel_x(box.x + box.width) - left,
             pixel_y(box.y + box.height) - top, colour_of(paint, theme_));
}

void ImageCanvas::cells(const Box& box, std::size_t rows, std::size_t columns,
                        const std::vector<unsigned char>& levels, Paint::Kind kind) {
  const double width = box.width / static_cast<double>(columns);
  const double height = box.height / static_cast<double>(rows);
  for_each_run(rows, columns, levels, [&](std::size_t row, std::size_t column, std::size_t count) {
    rectangle(
        {box.x + width * static_cast<double>(column), box.y + height * static_cast<double>(row),
         width * static_cast<double>(count), height},
        {kind, levels[row * columns + column]});
  });
}

void ImageCanvas::line(const std::vector<Point>& points, const Paint& paint, double width) {
  const double half = width * scale_ / 2;
  std::vector<Point> corners;
  Point least{1e9, 1e9}, most{-1e9, -1e9};
  for (const Point& point : points) {
    const Point& at =
        corners.emplace_back(Point{(point.x + origin_.x) * scale_, (point.y + origin_.y) * scale_});
    least = {std::min(least.x, at.x), std::min(least.y, at.y)};
    most = {std::max(most.x, at.x), std::max(most.y, at.y)};
  }
  const Pixels whole = pixels_around(least, most, half);
  // Each pixel is covered by the nearest part of the line, so that joints are no darker.
  std::vector<double> coverage(static_cast<std::size_t>(whole.width() * whole.height()), 0.0);
  for (std::size_t i = 1; i < corners.size(); ++i) {
    const Point& a = corners[i - 1];
    const Point& b = corners[i];
    const Pixels part = pixels_around({std::min(a.x, b.x), std::min(a.y, b.y)},
                                      {std::max(a.x, b.x), std::max(a.y, b.y)}, half);
    for (int y = part.top; y < part.bottom; ++y) {
      for (int x = part.left; x < part.right; ++x) {
        double& here =
            coverage[static_cast<std::size_t>((y - whole.top) * whole.width() + x - whole.left)];
        const double distance = distance_to_segment({x + 0.5, y + 0.5}, a, b);
        here = std::max(here, std::clamp(half + 0.5 - distance, 0.0, 1.0));
      }
    }
  }
  const Colour colour = colour_of(paint, theme_);
  for (int y = whole.top; y < whole.bottom; ++y) {
    for (int x = whole.left; x < whole.right; ++x) {
      Colour& pixel = image_.at(x, y);
      pixel =
          mix(pixel, colour,
              coverage[static_cast<std::size_t>((y - whole.top) * whole.width() + x - whole.left)]);
    }
  }
}

ImageCanvas::Pixels ImageCanvas::pixels_around(const Point& least, const Point& most,
                                               double margin) const {
  const auto clip = [](double value, int limit) {
    return static_cast<int>(std::clamp(value, 0.0, static_cast<double>(limit)));
  };
  return {clip(least.x - margin - 1, image_.width), clip(least.y - margin - 1, image_.height),
          clip(most.x + margin + 2, image_.width), clip(most.y + margin + 2, image_.height)};
}

void ImageCanvas::circle(const Point& centre, double radius, const Paint& paint) {
  std::vector<Point> points;
  constexpr int corners = 96;
  for (int i = 0; i <= corners; ++i) {
    const double angle = 2 * std::numbers::pi * i / corners;
    points.push_back({centre.x + radius * std::cos(angle), centre.y + radius * std::sin(angle)});
  }
  line(points, paint, 1);
}

void ImageCanvas::text(const Point& at, std::string_view text, double size, const Paint& paint,
                       Anchor anchor, double turned) {
  draw_text(image_, (at.x + origin_.x) * scale_, (at.y + origin_.y) * scale_, text,
            {.size = size * scale_,
             .colour = colour_of(paint, theme_),
             .anchor = anchor,
             .turned = turned});
}

}  // namespace heed
