#include "heed/inspect/heat_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "heed/inspect/html.h"

namespace heed {
namespace {

constexpr std::size_t most_cells_with_tooltips = 2500;
constexpr double map_margin = 16;
constexpr double label_gap = 8;  // between a label and the cells

std::string theme_rules(Theme theme, const std::array<bool, weight_level_count>& used) {
  std::string rules = fmt::format(
      ".paper{{fill:{0}}}text{{fill:{1}}}.muted{{fill:{2}}}.frame{{stroke:{2}}}"
      ".nan{{stroke:{2}}}",
      to_hex(palette(theme).paper), to_hex(palette(theme).ink), to_hex(palette(theme).muted));
  for (int level = 0; level < weight_level_count; ++level) {
    if (used[level]) {
      rules += fmt::format(".q{}{{fill:{}}}", level, to_hex(weight_colours(theme)[level]));
    }
  }
  return rules;
}

constexpr int legend_step_count = 32;
int legend_level(int step) {
  return step * (weight_level_count - 1) / (legend_step_count - 1);
}

std::string style(const QuantisedWeights& weights, std::optional<Theme> theme) {
  std::array<bool, weight_level_count> used{};
  used[0] = true;
  for (int step = 0; step < legend_step_count; ++step) {
    used[legend_level(step)] = true;
  }
  for (const unsigned char level : weights.levels) {
    if (level != not_a_number_level) {
      used[level] = true;
    }
  }
  std::string css =
      "<style>text{font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto "
      "Sans\",sans-serif}"
      ".frame{fill:none;stroke-opacity:.35}";
  css += theme_rules(theme.value_or(Theme::light), used);
  if (!theme) {
    css += "@media (prefers-color-scheme:dark){" + theme_rules(Theme::dark, used) + "}";
  }
  return css + "</style>";
}

// Where everything lies, in pixels.
struct Layout {
  double cell, font;
  double left, top;  // of the cells
  double map_width, map_height;
  double width, height;  // of the picture
  bool upright;          // column labels stand upright where slanted ones would collide
};

double longest(const std::vector<std::string>& labels) {
  double width = 0;
  for (const std::string& label : labels) {
    width = std::max(width, estimated_text_width(label));
  }
  return width;
}

// On one line, whatever the sentence's length.
std::string title_of(const AttentionMap& map) {
  return map.title.empty() ? "" : token_label(map.title, 100);
}

constexpr double map_title_size = 15;
constexpr double map_subtitle_size = 12;
constexpr double legend_height = 46;

Layout lay_out(const AttentionMap& map, const std::vector<std::string>& rows,
               const std::vector<std::string>& columns, double cell_size) {
  Layout layout{};
  layout.cell = std::clamp(cell_size, 6.0, 80.0);
  layout.font = std::clamp(layout.cell * 0.55, 8.0, 14.0);
  layout.upright = layout.cell < layout.font * 1.75;
  layout.map_width = layout.cell * static_cast<double>(columns.size());
  layout.map_height = layout.cell * static_cast<double>(rows.size());
  const double column_length = longest(columns) * layout.font;
  const double slant = layout.upright ? 1.0 : std::sqrt(0.5);
  const double heading = (map.title.empty() ? 0 : map_title_size + 6) + map_subtitle_size + 12;
  layout.left =
      std::ceil(map_margin + longest(rows) * layout.font + label_gap);  // whole pixels: crisp
  layout.top = std::ceil(map_margin + heading + (column_length + layout.font) * slant + label_gap);
  const double overhang = layout.upright ? 0.0 : column_length * slant;
  const double text_width =
      std::max(1.1 * estimated_text_width(title_of(map)) * map_title_size,  // bold
               estimated_text_width(map.kind) * map_subtitle_size + 120);
  layout.width = std::max({layout.left + layout.map_width + overhang, map_margin + text_width,
                           layout.left + 200.0}) +
                 map_margin;
  layout.height = layout.top + layout.map_height + legend_height + map_margin;
  return layout;
}

void draw_heading(const AttentionMap& map, std::string& out) {
  double y = map_margin + map_title_size;
  if (!map.title.empty()) {
    out += fmt::format("<text x=\"{}\" y=\"{}\" font-size=\"{}\" font-weight=\"600\">{}</text>",
                       map_margin, y, map_title_size, escape_html(title_of(map)));
    y += map_subtitle_size + 6;
  }
  out += fmt::format("<text class=\"muted\" x=\"{}\" y=\"{}\" font-size=\"{}\">{}{}{}</text>",
                     map_margin, y, map_subtitle_size, escape_html(map.kind),
                     map.kind.empty() ? "" : " · ", escape_html(layer_and_head(map)));
}

// SentencePiece's mark of a word's beginning is kept but stepped back.
std::string label_markup(const std::string& label) {
  constexpr std::string_view word_start = "▁";
  return label.starts_with(word_start)
             ? fmt::format("<tspan fill-opacity=\".35\">{}</tspan>{}", word_start,
                           escape_html(label.substr(word_start.size())))
             : escape_html(label);
}

void draw_labels(const Layout& layout, const std::vector<std::string>& rows,
                 const std::vector<std::string>& columns, std::string& out) {
  out += fmt::format("<g font-size=\"{:.2f}\" text-anchor=\"end\">", layout.font);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out += fmt::format(
        "<text x=\"{:.2f}\" y=\"{:.2f}\" dy=\".35em\">{}</text>", layout.left - label_gap,
        layout.top + (static_cast<double>(i) + 0.5) * layout.cell, label_markup(rows[i]));
  }
  out += fmt::format("</g><g font-size=\"{:.2f}\">", layout.font);
  for (std::size_t j = 0; j < columns.size(); ++j) {
    out += fmt::format(
        "<text transform=\"translate({:.2f} {:.2f}) rotate({})\" dy=\".35em\">{}</text>",
        layout.left + (static_cast<double>(j) + 0.5) * layout.cell, layout.top - label_gap,
        layout.upright ? -90 : -45, label_markup(columns[j]));
  }
  out += "</g>";
}

void draw_cells(const Layout& layout, const QuantisedWeights& weights, std::size_t columns,
                std::string& out) {
  const double gap = layout.cell >= 10 ? 1 / layout.cell : 0.0;  // one pixel
  out += fmt::format(
      "<g transform=\"translate({:.2f} {:.2f})\"><rect class=\"q0\" width=\"{:.2f}\" "
      "height=\"{:.2f}\"/><g transform=\"scale({:.4g})\">",
      layout.left, layout.top, layout.map_width, layout.map_height, layout.cell);
  for (int level = 1; level <= not_a_number_level; ++level) {
    const auto byte = static_cast<unsigned char>(level);
    const std::string path = cell_path(weights.levels, columns, byte, gap);
    if (path.empty()) {
      continue;
    }
    out +=
        level == not_a_number_level
            ? fmt::format("<path class=\"nan\" fill=\"none\" stroke-width=\".06\" d=\"{}\"/>", path)
            : fmt::format("<path class=\"q{}\" d=\"{}\"/>", level, path);
  }
  out += fmt::format(
      "</g><rect class=\"frame\" x=\"-.5\" y=\"-.5\" width=\"{:.2f}\" height=\"{:.2f}\"/>"
      "</g>",
      layout.map_width + 1, layout.map_height + 1);
}

void draw_tooltips(const Layout& layout, const AttentionMap& map,
                   const std::vector<std::string>& rows, const std::vector<std::string>& columns,
                   std::string& out) {
  out += fmt::format(
      "<g fill=\"#000\" fill-opacity=\"0\" transform=\"translate({:.2f} {:.2f}) "
      "scale({:.4g})\">",
      layout.left, layout.top, layout.cell);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < columns.size(); ++j) {
      out += fmt::format(
          "<rect x=\"{}\" y=\"{}\" width=\"1\" height=\"1\"><title>{} → {}: {:.3f}"
          "</title></rect>",
          j, i, escape_html(rows[i]), escape_html(columns[j]), map.weights[i * columns.size() + j]);
    }
  }
  out += "</g>";
}

void draw_legend(const Layout& layout, double maximum, std::string& out) {
  constexpr double bar_width = 128;
  constexpr double step_width = bar_width / legend_step_count;
  const double y = layout.top + std::ceil(layout.map_height) + 20;
  for (int step = 0; step < legend_step_count; ++step) {
    out += fmt::format("<rect class=\"q{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"8\"/>",
                       legend_level(step), layout.left + step * step_width, y, step_width);
  }
  out += fmt::format(
      "<rect class=\"frame\" x=\"{0:.2f}\" y=\"{1:.2f}\" width=\"{2}\" height=\"8\"/>"
      "<g class=\"muted\" font-size=\"11\"><text class=\"muted\" x=\"{0:.2f}\" "
      "y=\"{3:.2f}\">0</text><text class=\"muted\" x=\"{4:.2f}\" y=\"{3:.2f}\" "
      "text-anchor=\"end\">{5:.3g}</text></g>",
      layout.left, y, bar_width, y + 22, layout.left + bar_width, maximum);
}

}  // namespace

std::string cell_path(const std::vector<unsigned char>& levels, std::size_t columns,
                      unsigned char level, double gap) {
  std::string path;
  const double side = 1 - gap;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (levels[i] == level) {
      path += fmt::format("M{:.5g} {:.5g}h{:.3g}v{:.3g}h-{:.3g}z",
                          static_cast<double>(i % columns) + gap / 2,
                          static_cast<double>(i / columns) + gap / 2, side, side, side);
    }
  }
  return path;
}

std::string render_heat_map(const AttentionMap& map, const HeatMapOptions& options) {
  check_attention_map(map);
  const QuantisedWeights weights = quantise_weights(map.weights, options.maximum);
  std::vector<std::string> rows;
  std::vector<std::string> columns;
  for (const std::string& label : map.row_labels) {
    rows.push_back(token_label(label));
  }
  for (const std::string& label : map.column_labels) {
    columns.push_back(token_label(label));
  }
  const Layout layout = lay_out(map, rows, columns, options.cell_size);
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "viewBox=\"0 0 {0:.0f} {1:.0f}\" role=\"img\"><title>{2}</title>",
      std::ceil(layout.width), std::ceil(layout.height),
      escape_html(fmt::format("Attention weights, {}: {}", layer_and_head(map), map.title)));
  out += style(weights, options.theme);
  out += "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>";
  draw_heading(map, out);
  draw_labels(layout, rows, columns, out);
  draw_cells(layout, weights, columns.size(), out);
  if (map.weights.size() <= most_cells_with_tooltips) {
    draw_tooltips(layout, map, rows, columns, out);
  }
  draw_legend(layout, weights.maximum, out);
  return out + "</svg>\n";
}

}  // namespace heed
