#include "heed/inspect/figure_drawing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "heed/base/error.h"
#include "heed/inspect/attention_map.h"
#include "heed/inspect/figure_bars.h"

namespace heed {

namespace {

constexpr double axis_room = 46, end_room = 12;
constexpr double axis_plot_width = figure_width - axis_room - end_room;

struct Range {
  double low = 0, high = 0;
  double span() const { return high - low; }
};

// Round numbers inside a range, about `count` of them; whole ones if asked.
std::vector<double> round_numbers(const Range& range, int count, bool whole) {
  if (!(range.span() > 0)) {
    return {range.low};
  }
  double step = std::pow(10.0, std::floor(std::log10(range.span() / count)));
  for (const double factor : {2.0, 2.5, 2.0}) {  // 1, 2, 5, 10
    if (range.span() / step > count * 1.01) {
      step *= factor;
    }
  }
  step = whole ? std::max(1.0, std::ceil(step)) : step;
  std::vector<double> result;
  for (double value = std::ceil(range.low / step - 1e-9) * step; value <= range.high + step * 1e-9;
       value += step) {
    result.push_back(std::abs(value) < step * 1e-9 ? 0.0 : value);
  }
  return result;
}

std::string short_number(double value) {
  return fmt::format("{:.4g}", value);
}

void draw_axis_names(Canvas& canvas, const Box& plot, const std::string& x, const std::string& y) {
  canvas.text({plot.x + plot.width / 2, plot.y + plot.height + 30}, x, figure_text_size,
              figure_muted, Anchor::middle, 0);
  canvas.text({8, plot.y + plot.height / 2}, y, figure_text_size, figure_muted, Anchor::middle, 90);
}

// Heat maps.

struct Levels {
  std::vector<unsigned char> levels;
  Paint::Kind kind = Paint::Kind::weight;
  Range range;  // of the colours that the legend shows
  int first = 0, last = weight_level_count - 1;
};

Range range_of(const std::vector<float>& values) {
  Range range{std::numeric_limits<double>::max(), std::numeric_limits<double>::lowest()};
  for (const float value : values) {
    if (std::isfinite(value)) {
      range.low = std::min<double>(range.low, value);
      range.high = std::max<double>(range.high, value);
    }
  }
  return range.low <= range.high ? range : Range{};
}

Levels levels_of(const HeatFigure& heat) {
  Levels result{.range = range_of(heat.values)};
  Range& range = result.range;
  const double largest = std::max(std::abs(range.low), std::abs(range.high));
  const bool of_either_sign = range.low < 0 && !heat.from_least;
  if (of_either_sign) {
    result.kind = Paint::Kind::signed_number;
    range = range.high > 0 ? Range{-largest, largest} : Range{-largest, 0};
    result.first = signed_level(range.low, largest);
    result.last = signed_level(range.high, largest);
  } else if (!heat.from_least) {
    range.low = 0;
  }
  for (const float value : heat.values) {
    if (!std::isfinite(value)) {
      result.levels.push_back(no_level);
      continue;
    }
    const double share = range.span() > 0 ? (value - range.low) / range.span() : 0.0;
    const int level = of_either_sign ? signed_level(value, largest)
                                     : static_cast<int>(std::lround(share * result.last));
    result.levels.push_back(static_cast<unsigned char>(level));
  }
  return result;
}

void draw_colour_bar(Canvas& canvas, double y, const Levels& levels) {
  constexpr int steps = 40;
  constexpr double width = 160;
  std::vector<unsigned char> bar;
  for (int i = 0; i < steps; ++i) {
    bar.push_back(
        static_cast<unsigned char>(levels.first + i * (levels.last - levels.first) / (steps - 1)));
  }
  const Box box{axis_room + axis_plot_width - width, y, width, 7};
  canvas.cells(box, 1, steps, bar, levels.kind);
  const auto label = [&](double share, double value, Anchor anchor) {
    canvas.text({box.x + share * width, y + 16}, short_number(value), figure_text_size - 1,
                figure_muted, anchor, 0);
  };
  label(0, levels.range.low, Anchor::start);
  label(1, levels.range.high, Anchor::end);
  if (levels.range.low < 0 && levels.range.high > 0 && levels.kind == Paint::Kind::signed_number) {
    label(0.5, 0, Anchor::middle);
  }
}

double draw_heat(Canvas& canvas, const HeatFigure& heat) {
  check(heat.rows > 0 && heat.columns > 0 && heat.values.size() == heat.rows * heat.columns,
        "figure: {} values for {} rows × {} columns", heat.values.size(), heat.rows, heat.columns);
  const auto rows = static_cast<double>(heat.rows), columns = static_cast<double>(heat.columns);
  const Box plot{axis_room, 6, axis_plot_width,
                 std::clamp(axis_plot_width * rows / columns, 110.0, axis_plot_width)};
  const Levels levels = levels_of(heat);
  canvas.cells(plot, heat.rows, heat.columns, levels.levels, levels.kind);
  canvas.frame(plot, figure_faint);
  for (const double value :
       round_numbers({heat.column_axis.first, heat.column_axis.first + columns - 1}, 8, true)) {
    const double x = plot.x + (value - heat.column_axis.first + 0.5) * plot.width / columns;
    canvas.text({x, plot.y + plot.height + 12}, short_number(value), figure_text_size, figure_muted,
                Anchor::middle, 0);
  }
  for (const double value :
       round_numbers({heat.row_axis.first, heat.row_axis.first + rows - 1}, 7, true)) {
    const double y = plot.y + (value - heat.row_axis.first + 0.5) * plot.height / rows;
    canvas.text({plot.x - 6, y}, short_number(value), figure_text_size, figure_muted, Anchor::end,
                0);
  }
  draw_axis_names(canvas, plot, heat.column_axis.name, heat.row_axis.name);
  const double bar = plot.y + plot.height + 44;
  draw_colour_bar(canvas, bar, levels);
  return bar + 26;
}

// Lines.

// More lines than colours are in order, from light to dark.
Paint line_paint(std::size_t line, std::size_t count) {
  if (count <= series_colour_count) {
    return {Paint::Kind::series, static_cast<int>(line)};
  }
  const double share = 0.36 + 0.6 * static_cast<double>(line) / static_cast<double>(count - 1);
  return {Paint::Kind::weight, static_cast<int>(share * (weight_level_count - 1))};
}

// Names with a stroke of their colour, in as many rows as they need; returns the height.
double draw_names(Canvas& canvas, const std::vector<FigureLine>& lines) {
  constexpr double stroke = 16, gap = 14, row_height = 16;
  double x = axis_room, y = 8;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const double width = stroke + 5 + estimated_text_width(lines[i].name) * figure_text_size;
    if (x > axis_room && x + width > figure_width) {
      x = axis_room;
      y += row_height;
    }
    canvas.rectangle({x, y - 1, stroke, 2.5}, line_paint(i, lines.size()));
    canvas.text({x + stroke + 5, y}, lines[i].name, figure_text_size, figure_muted, Anchor::start,
                0);
    x += width + gap;
  }
  return y + row_height;
}

struct LineRanges {
  Range x{std::numeric_limits<double>::max(), std::numeric_limits<double>::lowest()};
  Range y = x;
};

LineRanges ranges_of(const LineFigure& figure) {
  LineRanges ranges;
  const auto widen = [](Range& range, double value) {
    range.low = std::min(range.low, value);
    range.high = std::max(range.high, value);
  };
  for (const FigureLine& line : figure.lines) {
    check(line.x.size() == line.y.size() && !line.x.empty(), "figure: line '{}' has {} x and {} y",
          line.name, line.x.size(), line.y.size());
    for (std::size_t i = 0; i < line.x.size(); ++i) {
      widen(ranges.x, line.x[i]);
      widen(ranges.y, line.y[i]);
    }
  }
  check(!figure.lines.empty(), "figure: no lines");
  ranges.y = ranges.y.span() > 0 ? Range{ranges.y.low - 0.04 * ranges.y.span(), ranges.y.high}
                                 : Range{ranges.y.low - 1, ranges.y.high + 1};
  ranges.x.high += ranges.x.span() > 0 ? 0 : 1;
  return ranges;
}

// The numbers along the y axis, which then ends at one: nothing is drawn above the topmost line.
std::vector<double> y_numbers(Range& range, bool whole) {
  std::vector<double> numbers = round_numbers(range, 6, whole);
  if (numbers.size() > 1 && numbers.back() < range.high) {
    numbers.push_back(2 * numbers.back() - numbers[numbers.size() - 2]);
    range.high = numbers.back();
  }
  return numbers;
}

double draw_lines(Canvas& canvas, const LineFigure& figure) {
  LineRanges ranges = ranges_of(figure);
  const std::vector<double> heights = y_numbers(ranges.y, figure.steps);
  const double top = figure.lines.size() > 1 ? draw_names(canvas, figure.lines) + 2 : 6.0;
  const Box plot{axis_room, top, axis_plot_width, 220};
  const auto at = [&](double x, double y) {
    return Point{plot.x + (x - ranges.x.low) / ranges.x.span() * plot.width,
                 plot.y + (ranges.y.high - y) / ranges.y.span() * plot.height};
  };
  for (const double value : heights) {
    const double y = at(ranges.x.low, value).y;
    canvas.rectangle({plot.x, y - 0.5, plot.width, 1}, figure_faint);
    canvas.text({plot.x - 6, y}, short_number(value), figure_text_size, figure_muted, Anchor::end,
                0);
  }
  for (const double value : round_numbers(ranges.x, 7, true)) {
    canvas.text({at(value, ranges.y.low).x, plot.y + plot.height + 12}, short_number(value),
                figure_text_size, figure_muted, Anchor::middle, 0);
  }
  for (std::size_t i = 0; i < figure.lines.size(); ++i) {
    std::vector<Point> points;
    const FigureLine& line = figure.lines[i];
    for (std::size_t j = 0; j < line.x.size(); ++j) {
      if (figure.steps && j > 0) {  // half way between two places
        const double middle = (line.x[j - 1] + line.x[j]) / 2;
        points.push_back(at(middle, line.y[j - 1]));
        points.push_back(at(middle, line.y[j]));
      }
      points.push_back(at(line.x[j], line.y[j]));
      if (figure.points) {
        canvas.circle(points.back(), 3, line_paint(i, figure.lines.size()));
      }
    }
    canvas.line(points, line_paint(i, figure.lines.size()), 1.6);
  }
  draw_axis_names(canvas, plot, figure.x_name, figure.y_name);
  return plot.y + plot.height + 42;
}

// Turning vectors.

double draw_turns(Canvas& canvas, const TurnFigure& figure) {
  constexpr std::size_t across = 3;
  constexpr double cell = figure_width / across, radius = 47, cell_height = 2 * radius + 52;
  for (std::size_t i = 0; i < figure.circles.size(); ++i) {
    const TurnFigure::Circle& circle = figure.circles[i];
    check(circle.x.size() == circle.y.size(), "figure: circle '{}' has {} x and {} y", circle.name,
          circle.x.size(), circle.y.size());
    const Point centre{cell * (static_cast<double>(i % across) + 0.5),
                       cell_height * static_cast<double>(i / across) + radius + 8};
    canvas.circle(centre, radius, figure_faint);
    const std::size_t count = circle.x.size();
    for (std::size_t p = 0; p < count; ++p) {
      const Point tip{centre.x + radius * circle.x[p], centre.y - radius * circle.y[p]};
      const double share = count > 1 ? static_cast<double>(p) / static_cast<double>(count - 1) : 1;
      const Paint paint{Paint::Kind::weight,
                        static_cast<int>((0.3 + 0.65 * share) * (weight_level_count - 1))};
      canvas.line({centre, tip}, paint, p == 0 ? 2.4 : 1.5);
      if (p == 0 || p + 1 == count) {
        const Point label{centre.x + (radius + 9) * circle.x[p],
                          centre.y - (radius + 9) * circle.y[p]};
        if (p == 0 || std::hypot(circle.x[p] - circle.x[0], circle.y[p] - circle.y[0]) > 0.3) {
          canvas.text(label, std::to_string(p), figure_text_size - 1, figure_muted, Anchor::middle,
                      0);
        }
      }
    }
    canvas.text({centre.x, centre.y + radius + 26}, circle.name, figure_text_size, figure_ink,
                Anchor::middle, 0);
  }
  return cell_height * static_cast<double>((figure.circles.size() + across - 1) / across) + 8;
}

}  // namespace

double draw_figure(Canvas& canvas, const Figure& figure) {
  struct {
    Canvas& canvas;
    double operator()(const HeatFigure& heat) const { return draw_heat(canvas, heat); }
    double operator()(const LineFigure& lines) const { return draw_lines(canvas, lines); }
    double operator()(const BarFigure& bars) const { return draw_bars(canvas, bars); }
    double operator()(const TurnFigure& turns) const { return draw_turns(canvas, turns); }
  } draw{canvas};
  return std::visit(draw, figure.content);
}

}  // namespace heed
