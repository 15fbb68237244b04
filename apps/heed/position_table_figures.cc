// Figures of what a scheme adds to the embeddings.
#include <fmt/format.h>

#include <cmath>

#include "apps/heed/position_figure_parts.h"

namespace heed::app {

namespace {

double cosine(const std::vector<float>& table, std::int64_t size, std::int64_t i, std::int64_t j) {
  double product = 0, first = 0, second = 0;
  for (std::int64_t c = 0; c < size; ++c) {
    const double a = table[static_cast<std::size_t>(i * size + c)];
    const double b = table[static_cast<std::size_t>(j * size + c)];
    product += a * b;
    first += a * a;
    second += b * b;
  }
  return product / std::sqrt(first * second);
}

LineFigure waves(const std::vector<float>& table, std::int64_t size, std::int64_t length) {
  LineFigure figure{.x_name = "position", .y_name = "value"};
  for (const std::int64_t column : {std::int64_t{0}, size / 16, size / 8, size / 4}) {
    if (figure.lines.empty() || column > 0) {
      figure.lines.push_back(line_of(
          fmt::format("component {}", column), 0, length - 1,
          [&](std::int64_t i) { return table[static_cast<std::size_t>(i * size + column)]; }));
    }
  }
  return figure;
}

HeatFigure grid_similarity(const std::vector<float>& table, std::int64_t size, std::int64_t columns,
                           std::int64_t length) {
  const std::int64_t rows = length / columns;
  const std::int64_t middle = rows / 2 * columns + columns / 2;
  HeatFigure heat{.rows = static_cast<std::size_t>(rows),
                  .columns = static_cast<std::size_t>(columns),
                  .row_axis = {"row of the grid"},
                  .column_axis = {"column of the grid"}};
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    heat.values.push_back(static_cast<float>(cosine(table, size, middle, i)));
  }
  return heat;
}

}  // namespace

void draw_position_table(const PositionConfig& config, const PositionScope& scope,
                         const PositionEncoding& encoding, FigureSheet& sheet) {
  const std::int64_t length = scope.longest, size = scope.size;
  const Tensor table = encoding.table(length).rows(0, length);
  const std::vector<float> values = floats_of(table);
  sheet.figures.push_back({"The table",
                           "A row for each position, which is added to the embedding of its token.",
                           heat_of(table, "position", "component")});
  if (config.kind == "sinusoidal2d") {
    const auto square =
        static_cast<std::int64_t>(std::ceil(std::sqrt(static_cast<double>(length))));
    const std::int64_t columns = config.grid_columns > 0 ? config.grid_columns : square;
    if (columns <= length) {
      sheet.figures.push_back(
          {"Similarity to the middle of the grid",
           "The cosine between the encoding of the cell in the middle and those "
           "of all cells: it falls along rows and columns alike.",
           grid_similarity(values, size, columns, length)});
    }
    return;
  }
  sheet.figures.push_back(
      {"Similarity of positions",
       "The cosine between the rows of two positions. Equal diagonals mean that "
       "only the distance counts.",
       heat_of_pairs(
           {.longest = length},
           [&](std::int64_t i, std::int64_t j) { return cosine(values, size, i, j); }, "position",
           "position")});
  const std::int64_t middle = length / 2;
  sheet.figures.push_back(
      {"Similarity by distance",
       fmt::format("The cosine between position {} and those around it.", middle),
       LineFigure{.lines = {line_of(
                      "", -middle, length - 1 - middle,
                      [&](std::int64_t t) { return cosine(values, size, middle, middle + t); })},
                  .x_name = "distance",
                  .y_name = "cosine"}});
  if (config.kind == "sinusoidal" && size >= 16) {
    sheet.figures.push_back(
        {"Waves",
         "Some components along the positions: the first ones change fast, like "
         "the low digits of a number, later ones slowly.",
         waves(values, size, length)});
  }
}

}  // namespace heed::app
