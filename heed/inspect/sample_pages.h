// Pages full of everything that they can show, for tests.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "heed/inspect/comparison_page.h"
#include "heed/inspect/figure.h"
#include "heed/inspect/heads_page.h"

namespace heed {

// What each of layers × heads is worth, in both self-attentions and between them.
inline HeadsPage sample_heads(int layers, int heads) {
  HeadsPage page{
      .title = "What each head is worth",
      .subtitle = "runs/multi30k/step-2000",
      .headlines = {{"Loss, all heads", "1.5000"}, {"Pairs", "1,014"}},
      .kinds = {"encoder self-attention", "decoder self-attention", "encoder-decoder attention"},
      .score_name = "loss",
      .unit = "nats per token"};
  for (const std::string& kind : page.kinds) {
    for (int layer = 1; layer <= layers; ++layer) {
      for (int head = 1; head <= heads; ++head) {
        const double worth = 0.01 * head * layer - 0.02;
        page.rows.push_back({kind, layer, head, 1.5 + worth, worth, head == 1});
      }
    }
  }
  return page;
}

// One figure of each kind.
inline FigureSheet sample_figures() {
  FigureSheet sheet{.title = "rotary positions",
                    .subtitle = "turns queries and keys",
                    .facts = {{"Positions", "128"}, {"Width", "64"}}};
  HeatFigure heat{.rows = 12, .columns = 20, .row_axis = {"query"}, .column_axis = {"key"}};
  for (int i = 0; i < 240; ++i) {
    heat.values.push_back(static_cast<float>(std::sin(i * 0.3)));
  }
  LineFigure lines{.x_name = "distance", .y_name = "score"};
  for (const char* name : {"head 1", "head 2"}) {
    lines.lines.push_back({name, {0, 1, 2, 3}, {1, 0.5, 0.25, 0.2}});
  }
  sheet.figures.push_back({"The table", "Each row is a position.", heat});
  sheet.figures.push_back({"Score by distance", "How it falls.", lines});
  sheet.figures.push_back(
      {"Ways", "What each takes.", BarFigure{.bars = {{"heed", 2, 1.9, 2.2}}, .unit = "ms"}});
  sheet.figures.push_back({"Turns", "Pairs of components.",
                           TurnFigure{.circles = {{"pair 0", {1, 0.5, -0.5}, {0, 0.86, 0.86}}}}});
  return sheet;
}

// Two sections with tables wider than a phone and a chart of `curves` lines.
inline ComparisonPage sample_comparison(std::size_t curves) {
  ComparisonPage page{.title = "Positions",
                      .subtitle = "variants, three seeds each",
                      .headlines = {{"Variants", std::to_string(curves)}},
                      .notes = {"Compared: position.kind. Everything else is the same."}};
  for (const char* title : {"copy", "reverse"}) {
    ComparisonChart chart{.title = "Exact match by length",
                          .x_name = "length",
                          .unit = "%",
                          .mark = 40,
                          .mark_name = "trained up to here",
                          .low = 0,
                          .high = 100,
                          .dots = true};
    ComparisonTable table{.title = "Exact match by length",
                          .note = "In %.",
                          .columns = {"position", "1–20", "21–40", "41–60", "61–80", "81–120",
                                      "121–160", "Parameters", "Tokens/s"}};
    for (std::size_t i = 0; i < curves; ++i) {
      BandCurve curve{fmt::format("variant {}", i), i, {}};
      std::vector<TableCell> row = {{curve.name}};
      for (int k = 1; k <= 8; ++k) {
        const double mean = std::max(0.0, 100 - 3.0 * k * static_cast<double>(i));
        curve.points.push_back(
            {20.0 * k, mean, std::max(0.0, mean - 1), std::min(100.0, mean + 1)});
        row.push_back({fmt::format("{:.1f} ± 0.4", mean), i == 0, "three seeds"});
      }
      chart.curves.push_back(curve);
      table.rows.push_back(row);
      table.series.push_back(i);
    }
    page.sections.push_back({.title = title,
                             .findings = {"variant 0 is better than all others."},
                             .tables = {table},
                             .charts = {chart},
                             .details = {"variant 1 falls earlier."},
                             .details_title = "By length"});
  }
  return page;
}

}  // namespace heed
