// Figures of numbers: heat maps, lines, bars and turning vectors, as a page, as SVG, as pixels, as
// JSON.
//
//   FigureSheet sheet{.title = "sinusoidal positions"};
//   sheet.figures.push_back({.title = "The table", .content = HeatFigure{…}});
//   write_file_atomically("page.html", render_figure_page(sheet));
//
// One drawing serves all forms: each figure is drawn once, on a Canvas (canvas.h) that writes SVG
// or sets pixels.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "heed/base/json_forward.h"
#include "heed/inspect/colour_scale.h"
#include "heed/inspect/png.h"

namespace heed {

// Numbers along an axis: place i stands for first + i.
struct FigureAxis {
  std::string name;
  double first = 0;
};

// A matrix as colours: of either sign around 0, or from 0 upwards where no value is negative. Cells
// that are not finite stay empty.
struct HeatFigure {
  std::size_t rows = 0, columns = 0;
  std::vector<float> values;  // [rows, columns], row-major
  FigureAxis row_axis, column_axis;
  bool from_least = false;  // the colours begin at the least value, not at 0
};

struct FigureLine {
  std::string name;
  std::vector<double> x, y;  // equally many
};

struct LineFigure {
  std::vector<FigureLine> lines;
  std::string x_name, y_name;
  bool steps = false;   // whole numbers: drawn as stairs
  bool points = false;  // few numbers: each marked by a circle
};

// Numbers side by side, none negative.
struct BarFigure {
  struct Bar {
    std::string name;
    double value = 0;
    double least = 0, greatest = 0;  // around the value: a thin line
    bool own = true;                 // in the first colour, else in the second
  };
  std::vector<Bar> bars;
  std::string unit;
  double mark = 0;  // where a line goes through all bars; 0: nowhere
};

// Vectors in the plane, one circle for each of several pairs of components.
struct TurnFigure {
  struct Circle {
    std::string name;
    std::vector<double> x, y;  // of positions 0, 1, 2, …; length 1 reaches the circle
  };
  std::vector<Circle> circles;
};

struct Figure {
  std::string title;
  std::string caption;  // a sentence or two, on pages only
  std::variant<HeatFigure, LineFigure, BarFigure, TurnFigure> content;
};

struct FigureSheet {
  std::string title;
  std::string subtitle;
  std::vector<std::pair<std::string, std::string>> facts;  // names and values
  std::vector<Figure> figures;
};

// Errors of all of them (failure): values that do not fill rows × columns, x without y, bars that
// are negative, not finite or outside their range.

// One self-contained page. Without a theme it follows its reader's preference.
std::string render_figure_page(const FigureSheet& sheet, std::optional<Theme> theme = {});
// All figures on one picture. Without a theme it follows the viewer's preference.
std::string render_figure_svg(const FigureSheet& sheet, std::optional<Theme> theme = {});
Image draw_figures(const FigureSheet& sheet, Theme theme = Theme::light);
// Titles and numbers.
Json figure_json(const FigureSheet& sheet);

}  // namespace heed
