// Figures of what a scheme does to queries and keys.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apps/heed/position_figure_parts.h"

namespace heed::app {

namespace {

// A vector whose pairs all point to (1, 0), at all positions, turned: [length, size].
struct TurnedPairs {
  std::vector<double> queries, keys;
  std::int64_t size = 0;
  std::int64_t pairs = 0;
  bool halves = true;

  std::size_t first(std::int64_t position, std::int64_t pair) const {
    return static_cast<std::size_t>(position * size + (halves ? pair : 2 * pair));
  }
  std::size_t second(std::int64_t position, std::int64_t pair) const {
    return first(position, pair) + static_cast<std::size_t>(halves ? pairs : 1);
  }
  // The score of a query at the last position with a key `distance` before it.
  double score(std::int64_t length, std::int64_t distance) const {
    double sum = 0;
    for (std::int64_t j = 0; j < pairs; ++j) {
      sum += queries[first(length - 1, j)] * keys[first(length - 1 - distance, j)] +
             queries[second(length - 1, j)] * keys[second(length - 1 - distance, j)];
    }
    return sum / static_cast<double>(pairs);
  }
};

TurnedPairs turn_pairs(const PositionConfig& config, const PositionScope& scope) {
  const auto encoding = make_position_encoding(config, scope);
  const std::int64_t length = scope.longest;
  TurnedPairs result{
      .size = scope.head_size,
      .pairs = std::llround(static_cast<double>(scope.head_size) * config.rotated / 2),
      .halves = config.layout == "halves"};
  std::vector<double> vectors(static_cast<std::size_t>(length * result.size), 0.0);
  std::vector<std::int32_t> positions;
  for (std::int64_t i = 0; i < length; ++i) {
    positions.push_back(static_cast<std::int32_t>(i));
    for (std::int64_t j = 0; j < result.pairs; ++j) {
      vectors[result.first(i, j)] = 1;
    }
  }
  const Tensor x = Tensor::from_values<double>(vectors, {length, result.size}, scope.device);
  const Tensor at = Tensor::from_values<std::int32_t>(positions, {length});
  result.queries = encoding->turn_queries(0, x, at, length).to_doubles();
  result.keys = encoding->turn_keys(0, x, at, length).to_doubles();
  return result;
}

TurnFigure circles_of(const TurnedPairs& turned, std::int64_t length) {
  constexpr std::int64_t shown = 6, most_positions = 12;
  TurnFigure figure;
  std::int64_t last = -1;
  for (std::int64_t i = 0; i < shown; ++i) {
    const std::int64_t pair = i * (turned.pairs - 1) / (2 * (shown - 1));  // the faster half
    if (pair == last) {
      continue;
    }
    last = pair;
    TurnFigure::Circle circle{.name = fmt::format("pair {}", pair)};
    for (std::int64_t p = 0; p < std::min(length, most_positions); ++p) {
      circle.x.push_back(turned.queries[turned.first(p, pair)]);
      circle.y.push_back(turned.queries[turned.second(p, pair)]);
    }
    figure.circles.push_back(std::move(circle));
  }
  return figure;
}

}  // namespace

void draw_position_turns(const PositionConfig& config, PositionScope scope, FigureSheet& sheet) {
  scope.heads = scope.key_heads = 1;
  scope.device = reference_device;
  const std::int64_t length = scope.longest;
  const TurnedPairs turned = turn_pairs(config, scope);
  sheet.figures.push_back({"The rotation",
                           "Pairs of components of a query at positions 0, 1, 2, …: the first pair "
                           "turns fastest, later ones more and more slowly.",
                           circles_of(turned, length)});
  const auto score_line = [&](const std::string& name, const TurnedPairs& of) {
    return line_of(name, 0, length - 1, [&](std::int64_t t) { return of.score(length, t); });
  };
  LineFigure scores{.x_name = "distance", .y_name = "score"};
  scores.lines.push_back(score_line(config.kind, turned));
  if (config.kind != "rotary" || config.scaling != "none") {
    PositionConfig plain = config;
    plain.kind = "rotary";
    plain.scaling = "none";
    plain.scaling_factor = 1;
    scores.lines[0].name +=
        config.scaling == "none" ? "" : fmt::format(", scaling {}", config.scaling);
    scores.lines.push_back(score_line("rotary", turn_pairs(plain, scope)));
  }
  sheet.figures.push_back(
      {"Score by distance",
       "The score of a query and a key whose pairs all point the same way before "
       "they are turned, as a share of the score without positions.",
       std::move(scores)});
  HeatFigure heat{.rows = static_cast<std::size_t>(length),
                  .columns = static_cast<std::size_t>(turned.pairs),
                  .row_axis = {"position"},
                  .column_axis = {"pair"}};
  for (std::int64_t i = 0; i < length; ++i) {
    for (std::int64_t j = 0; j < turned.pairs; ++j) {
      heat.values.push_back(static_cast<float>(turned.queries[turned.first(i, j)]));
    }
  }
  sheet.figures.push_back({"Cosines of the angles",
                           "By how much each pair has turned at each position: what becomes of the "
                           "first component of a pair (1, 0).",
                           std::move(heat)});
}

}  // namespace heed::app
