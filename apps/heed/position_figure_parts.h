// What the figures of position schemes are made of.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "heed/inspect/figure.h"
#include "heed/nn/position/position_encoding.h"

namespace heed::app {

inline constexpr float nothing = std::numeric_limits<float>::quiet_NaN();

inline std::vector<float> floats_of(const Tensor& tensor) {
  const std::vector<double> values = tensor.to_doubles();
  return {values.begin(), values.end()};
}

inline HeatFigure heat_of(const Tensor& matrix, const std::string& rows, const std::string& columns,
                          double first_row = 0) {
  return {.rows = static_cast<std::size_t>(matrix.size(0)),
          .columns = static_cast<std::size_t>(matrix.size(1)),
          .values = floats_of(matrix),
          .row_axis = {rows, first_row},
          .column_axis = {columns}};
}

// value(i, j) for queries i and keys j; the future of a causal stack stays empty.
template <typename Value>
HeatFigure heat_of_pairs(const PositionScope& scope, Value&& value,
                         const std::string& rows = "query", const std::string& columns = "key") {
  const std::int64_t length = scope.longest;
  HeatFigure heat{.rows = static_cast<std::size_t>(length),
                  .columns = static_cast<std::size_t>(length),
                  .row_axis = {rows},
                  .column_axis = {columns}};
  for (std::int64_t i = 0; i < length; ++i) {
    for (std::int64_t j = 0; j < length; ++j) {
      heat.values.push_back(scope.causal && j > i ? nothing : static_cast<float>(value(i, j)));
    }
  }
  return heat;
}

template <typename Value>
FigureLine line_of(const std::string& name, std::int64_t first, std::int64_t last, Value&& value) {
  FigureLine line{.name = name};
  for (std::int64_t x = first; x <= last; ++x) {
    line.x.push_back(static_cast<double>(x));
    line.y.push_back(static_cast<double>(value(x)));
  }
  return line;
}

// The parts of position_figures(), each for the schemes that act in one place.
void draw_position_table(const PositionConfig& config, const PositionScope& scope,
                         const PositionEncoding& encoding, FigureSheet& sheet);
void draw_position_turns(const PositionConfig& config, PositionScope scope, FigureSheet& sheet);
void draw_position_scores(const PositionConfig& config, const PositionScope& scope,
                          const PositionEncoding& encoding, FigureSheet& sheet);

}  // namespace heed::app
