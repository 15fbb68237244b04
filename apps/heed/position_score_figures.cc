// Figures of what a scheme adds to the scores and values of attention.
#include <fmt/format.h>

#include <algorithm>

#include "apps/heed/position_figure_parts.h"
#include "heed/nn/position/shaw.h"
#include "heed/nn/position/swin.h"
#include "heed/nn/position/t5.h"

namespace heed::app {

namespace {

Figure bias_lines(const Tensor& bias, const PositionScope& scope) {
  const std::int64_t reach = (bias.size(1) - 1) / 2;
  const std::int64_t shown = std::min(reach, scope.longest - 1);
  const std::vector<float> values = floats_of(bias);
  LineFigure figure{.x_name = "distance (key - query)", .y_name = "bias"};
  for (std::int64_t head = 0; head < bias.size(0); ++head) {
    figure.lines.push_back(line_of(
        fmt::format("head {}", head + 1), -shown, scope.causal ? 0 : shown, [&](std::int64_t t) {
          return values[static_cast<std::size_t>(head * bias.size(1) + t + reach)];
        }));
  }
  return {"Bias by distance", "What each head adds to the score of a query and a key.",
          std::move(figure)};
}

void draw_alibi(const PositionScope& scope, const PositionEncoding& encoding, FigureSheet& sheet) {
  ops::AttentionTerms terms;
  encoding.add_terms(0, scope.longest, terms);
  const Tensor bias = terms.distance_bias;
  sheet.figures.push_back(bias_lines(bias, scope));
  const std::vector<float> values = floats_of(bias);
  const std::int64_t reach = (bias.size(1) - 1) / 2;
  for (const std::int64_t head : {std::int64_t{0}, bias.size(0) - 1}) {
    if (head == 0 || bias.size(0) > 1) {
      sheet.figures.push_back(
          {fmt::format("Bias of head {}", head + 1), "For every query and key.",
           heat_of_pairs(scope, [&](std::int64_t i, std::int64_t j) {
             return values[static_cast<std::size_t>(head * bias.size(1) + j - i + reach)];
           })});
    }
  }
}

void draw_t5(const PositionConfig& config, const PositionScope& scope, FigureSheet& sheet) {
  const auto bucket = [&](std::int64_t t) {
    return t5_bucket(t, !scope.causal, config.buckets, config.max_distance);
  };
  const std::int64_t reach = std::max<std::int64_t>(config.max_distance + 8, scope.longest - 1);
  sheet.figures.push_back(
      {"Buckets by distance",
       "Near distances have a bucket each, far ones share buckets that grow with the distance. A "
       "bucket has one learned bias per head.",
       LineFigure{.lines = {line_of("", -reach, scope.causal ? 0 : reach, bucket)},
                  .x_name = "distance (key - query)",
                  .y_name = "bucket",
                  .steps = true}});
  sheet.figures.push_back(
      {"Buckets of pairs", "The bucket of every query and key.",
       heat_of_pairs(scope, [&](std::int64_t i, std::int64_t j) { return bucket(j - i); })});
}

void draw_shaw(const PositionConfig& config, const PositionScope& scope,
               const PositionEncoding& encoding, FigureSheet& sheet) {
  PositionScope shown = scope;
  shown.longest = std::min<std::int64_t>(scope.longest, 4 * config.clip + 2);
  sheet.figures.push_back(
      {"Which vector each pair takes",
       fmt::format("Row of the table for every query and key: their distance, clipped to ±{}, plus "
                   "{}. Beyond the band all pairs share the first or the last vector.",
                   config.clip, config.clip),
       heat_of_pairs(
           shown, [&](std::int64_t i, std::int64_t j) { return shaw_index(i, j, config.clip); })});
  ops::AttentionTerms terms;
  encoding.add_terms(0, scope.longest, terms);
  const std::int64_t rows = 2 * std::int64_t{config.clip} + 1;
  const auto add = [&](const char* title, const char* caption, const Tensor& table) {
    sheet.figures.push_back(
        {title, caption, heat_of(table.rows(0, rows), "distance", "component", -config.clip)});
  };
  add("Vectors of the keys", "One for each distance, before training; learned in every layer.",
      terms.key_vectors);
  if (terms.value_vectors.defined()) {
    add("Vectors of the values", "One for each distance, before training; learned in every layer.",
        terms.value_vectors);
  }
}

void draw_window_index(const PositionConfig& config, FigureSheet& sheet) {
  const std::vector<std::int32_t> index = swin_index(config.window);
  const auto tokens = static_cast<std::size_t>(config.window * config.window);
  sheet.figures.push_back(
      {"Which bias each pair takes",
       fmt::format("Row of the table of {} biases for every query and key of a window of {} × {} "
                   "tokens, read row by row.",
                   (2 * config.window - 1) * (2 * config.window - 1), config.window, config.window),
       HeatFigure{.rows = tokens,
                  .columns = tokens,
                  .values = {index.begin(), index.end()},
                  .row_axis = {"query"},
                  .column_axis = {"key"}}});
}

void draw_swin2(const PositionConfig& config, const PositionEncoding& encoding,
                FigureSheet& sheet) {
  const int trained = config.trained_window > 0 ? config.trained_window : config.window;
  const std::vector<double> offsets = swin2_offsets(config.window, trained);
  const std::int64_t reach = config.window - 1, side = 2 * reach + 1;
  sheet.figures.push_back(
      {"Log-spaced offsets",
       "What the network that gives the biases sees of an offset. Logarithms keep the offsets of a "
       "larger window close to those that it was trained with.",
       LineFigure{.lines = {line_of("log-spaced", -reach, reach,
                                    [&](std::int64_t t) {
                                      return offsets[static_cast<std::size_t>(2 * (t + reach) + 1)];
                                    }),
                            line_of("linear", -reach, reach,
                                    [&](std::int64_t t) {
                                      return static_cast<double>(t) / (trained - 1);
                                    })},
                  .x_name = "offset in cells",
                  .y_name = "input of the network"}});
  const std::int64_t tokens = std::int64_t{config.window} * config.window;
  ops::AttentionTerms terms;
  encoding.add_terms(0, tokens, terms);
  const std::vector<float> bias = floats_of(terms.table_bias);
  const std::vector<std::int32_t> index = swin_index(config.window);
  HeatFigure heat{.rows = static_cast<std::size_t>(side),
                  .columns = static_cast<std::size_t>(side),
                  .values = std::vector<float>(static_cast<std::size_t>(side * side)),
                  .row_axis = {"rows between query and key", -static_cast<double>(reach)},
                  .column_axis = {"columns between query and key", -static_cast<double>(reach)},
                  .from_least = true};
  for (std::size_t pair = 0; pair < index.size(); ++pair) {
    heat.values[static_cast<std::size_t>(index[pair])] = bias[pair];
  }
  sheet.figures.push_back({"Biases of head 1",
                           "For every offset inside the window, from the network before training: "
                           "smooth, between 0 and 16.",
                           std::move(heat)});
}

// The positions of the keys of query i, from the first to the last that it sees.
template <typename Gate>
std::vector<double> counted(std::int64_t last, double most, Gate&& gate) {
  std::vector<double> positions(static_cast<std::size_t>(last + 1));
  double count = 0;
  for (std::int64_t j = last; j >= 0; --j) {
    count += gate(j);
    positions[static_cast<std::size_t>(j)] = std::min(count, most);
  }
  return positions;
}

void draw_contextual(const PositionConfig& config, const PositionScope& scope, FigureSheet& sheet) {
  constexpr std::int64_t every = 8;
  const std::int64_t length = scope.longest;
  const double most = config.context_positions - 1;
  const auto each = [](std::int64_t) { return 1.0; };
  const auto half = [](std::int64_t) { return 0.5; };
  const auto eighth = [](std::int64_t j) { return j % every == 0 ? 1.0 : 0.0; };
  const auto line = [&](const std::string& name, auto&& gate) {
    const std::vector<double> positions = counted(length - 1, most, gate);
    return line_of(name, 0, length - 1,
                   [&](std::int64_t j) { return positions[static_cast<std::size_t>(j)]; });
  };
  sheet.figures.push_back(
      {"Positions of the keys of the last query",
       fmt::format("Gates between 0 and 1, which depend on query and key, say what counts; a key's "
                   "position is the sum of the gates from it to the end, at most {}. Shown for "
                   "made-up gates: all open, all half open, and open for every eighth token alone, "
                   "as if the query counted sentences.",
                   config.context_positions - 1),
       LineFigure{
           .lines = {line("all open", each), line("half open", half), line("every eighth", eighth)},
           .x_name = "key",
           .y_name = "position",
           .steps = true}});
  PositionScope causal = scope;
  causal.causal = true;
  std::vector<std::vector<double>> rows;
  for (std::int64_t i = 0; i < length; ++i) {
    rows.push_back(counted(i, most, eighth));
  }
  sheet.figures.push_back(
      {"Positions of pairs",
       "For every query of a decoder and the keys that it sees, when every eighth "
       "token counts.",
       heat_of_pairs(causal, [&](std::int64_t i, std::int64_t j) {
         return rows[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)];
       })});
}

}  // namespace

void draw_position_scores(const PositionConfig& config, const PositionScope& scope,
                          const PositionEncoding& encoding, FigureSheet& sheet) {
  if (config.kind == "alibi") {
    draw_alibi(scope, encoding, sheet);
  } else if (config.kind == "t5") {
    draw_t5(config, scope, sheet);
  } else if (config.kind == "shaw") {
    draw_shaw(config, scope, encoding, sheet);
  } else if (config.kind == "swin" || config.kind == "swin2") {
    draw_window_index(config, sheet);
    if (config.kind == "swin2") {
      draw_swin2(config, encoding, sheet);
    }
  } else if (config.kind == "cope") {
    draw_contextual(config, scope, sheet);
  }
}

}  // namespace heed::app
