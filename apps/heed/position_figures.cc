#include "apps/heed/position_figures.h"

#include "apps/heed/position_figure_parts.h"
#include "heed/base/error.h"

namespace heed::app {

namespace {

std::string where_it_acts(const PositionScheme& scheme) {
  std::string where;
  const auto add = [&](bool acts, const char* place) {
    where += acts ? (where.empty() ? "" : ", ") + std::string(place) : "";
  };
  add(scheme.embeddings, "embeddings");
  add(scheme.queries_and_keys, "queries and keys");
  add(scheme.scores, "scores");
  add(scheme.values, "values");
  return where;
}

}  // namespace

FigureSheet position_figures(const PositionConfig& config, const PositionScope& scope) {
  const auto encoding = make_position_encoding(config, scope);
  initialize_parameters(*encoding, 1);
  const PositionScheme scheme = position_scheme(config.kind);
  FigureSheet sheet{.title = "Positions: " + config.kind, .subtitle = scheme.summary};
  sheet.facts = {{"Acts on", where_it_acts(scheme)},
                 {"Learned", scheme.learned ? "yes" : "no"},
                 {"Longer than trained", scheme.any_length ? "defined" : "not defined"}};
  if (scheme.embeddings) {
    draw_position_table(config, scope, *encoding, sheet);
  }
  if (scheme.queries_and_keys) {
    draw_position_turns(config, scope, sheet);
  }
  if (scheme.scores) {
    draw_position_scores(config, scope, *encoding, sheet);
  }
  check_usage(!sheet.figures.empty(), "position.kind {}: there is nothing to draw", config.kind);
  return sheet;
}

}  // namespace heed::app
