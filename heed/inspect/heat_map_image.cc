#include "heed/inspect/heat_map_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "heed/inspect/drawing.h"

namespace heed {
namespace {

constexpr int image_margin = 32;
constexpr int image_label_gap = 14;
constexpr double image_title_size = 30;
constexpr double image_subtitle_size = 24;
constexpr double image_legend_size = 22;
constexpr int image_legend_width = 256;
constexpr int image_legend_height = 92;

struct ImageLayout {
  int cell = 0, left = 0, top = 0;  // of the cells
  int width = 0, height = 0;        // of the picture
  double font = 22;
  bool upright = false;  // column labels stand upright where slanted ones would collide
};

std::vector<std::string> labels_of(const std::vector<std::string>& tokens) {
  std::vector<std::string> labels;
  for (const std::string& token : tokens) {
    labels.push_back(token_label(token));
  }
  return labels;
}

double longest(const std::vector<std::string>& labels, double size) {
  double width = 0;
  for (const std::string& label : labels) {
    width = std::max(width, text_width(label, size));
  }
  return width;
}

std::string subtitle_of(const AttentionMap& map) {
  return fmt::format("{}{}{}", map.kind, map.kind.empty() ? "" : " · ", layer_and_head(map));
}

ImageLayout lay_out_image(const AttentionMap& map, const std::vector<std::string>& rows,
                          const std::vector<std::string>& columns, double cell_size) {
  ImageLayout layout;
  layout.cell = static_cast<int>(std::lround(2 * std::clamp(cell_size, 6.0, 80.0)));
  layout.font = std::clamp(layout.cell * 0.55, 14.0, 26.0);
  layout.upright = layout.cell < layout.font * 1.75;
  const double slant = layout.upright ? 1.0 : std::sqrt(0.5);
  const double column_length = longest(columns, layout.font);
  const double heading = (map.title.empty() ? 0 : image_title_size + 14) + image_subtitle_size + 20;
  const int map_width = layout.cell * static_cast<int>(columns.size());
  layout.left =
      image_margin + image_label_gap + static_cast<int>(std::ceil(longest(rows, layout.font)));
  layout.top = image_margin + image_label_gap +
               static_cast<int>(std::ceil(heading + (column_length + layout.font) * slant));
  const double overhang = layout.upright ? 0.0 : column_length * slant;
  const double text = std::max(text_width(token_label(map.title, 100), image_title_size),
                               text_width(subtitle_of(map), image_subtitle_size));
  layout.width = image_margin + static_cast<int>(std::ceil(std::max(
                                    {layout.left + map_width + overhang, image_margin + text,
                                     static_cast<double>(layout.left + image_legend_width)})));
  layout.height =
      layout.top + layout.cell * static_cast<int>(rows.size()) + image_legend_height + image_margin;
  return layout;
}

void draw_labels(Image& image, const ImageLayout& layout, const std::vector<std::string>& rows,
                 const std::vector<std::string>& columns, Colour ink) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    draw_text(image, layout.left - image_label_gap,
              layout.top + (static_cast<double>(i) + 0.5) * layout.cell, rows[i],
              {.size = layout.font, .colour = ink, .anchor = Anchor::end});
  }
  for (std::size_t j = 0; j < columns.size(); ++j) {
    draw_text(image, layout.left + (static_cast<double>(j) + 0.5) * layout.cell,
              layout.top - image_label_gap, columns[j],
              {.size = layout.font, .colour = ink, .turned = layout.upright ? 90.0 : 45.0});
  }
}

void draw_cells(Image& image, const ImageLayout& layout, const QuantisedWeights& weights,
                std::size_t columns, Theme theme) {
  const auto& colours = weight_colours(theme);
  const int gap = layout.cell >= 20 ? 2 : 0;
  for (std::size_t i = 0; i < weights.levels.size(); ++i) {
    const int x = layout.left + static_cast<int>(i % columns) * layout.cell;
    const int y = layout.top + static_cast<int>(i / columns) * layout.cell;
    const unsigned char level = weights.levels[i];
    if (level == not_a_number_level) {
      draw_frame(image, x + 2, y + 2, layout.cell - 4, layout.cell - 4, palette(theme).muted);
    } else {
      fill_rectangle(image, x, y, layout.cell, layout.cell, colours[0]);
      fill_rectangle(image, x + gap / 2, y + gap / 2, layout.cell - gap, layout.cell - gap,
                     colours[level]);
    }
  }
}

void draw_legend(Image& image, const ImageLayout& layout, int y, double maximum, Theme theme) {
  const auto& colours = weight_colours(theme);
  for (int x = 0; x < image_legend_width; ++x) {
    fill_rectangle(
        image, layout.left + x, y, 1, 16,
        colours[static_cast<std::size_t>(x * (weight_level_count - 1) / (image_legend_width - 1))]);
  }
  draw_frame(image, layout.left - 1, y - 1, image_legend_width + 2, 18, palette(theme).muted);
  draw_text(image, layout.left, y + 36, "0",
            {.size = image_legend_size, .colour = palette(theme).muted});
  draw_text(image, layout.left + image_legend_width, y + 36, fmt::format("{:.3g}", maximum),
            {.size = image_legend_size, .colour = palette(theme).muted, .anchor = Anchor::end});
}

}  // namespace

Image draw_heat_map(const AttentionMap& map, const HeatMapOptions& options) {
  check_attention_map(map);
  const Theme theme = options.theme.value_or(Theme::light);
  const QuantisedWeights weights = quantise_weights(map.weights, options.maximum);
  const std::vector<std::string> rows = labels_of(map.row_labels);
  const std::vector<std::string> columns = labels_of(map.column_labels);
  const ImageLayout layout = lay_out_image(map, rows, columns, options.cell_size);
  Image image(layout.width, layout.height, palette(theme).paper);
  double y = image_margin + image_title_size / 2;
  if (!map.title.empty()) {
    draw_text(image, image_margin, y, token_label(map.title, 100),
              {.size = image_title_size, .colour = palette(theme).ink});
    y += image_title_size / 2 + 14 + image_subtitle_size / 2;
  }
  draw_text(image, image_margin, y, subtitle_of(map),
            {.size = image_subtitle_size, .colour = palette(theme).muted});
  draw_labels(image, layout, rows, columns, palette(theme).ink);
  draw_cells(image, layout, weights, columns.size(), theme);
  const int map_height = layout.cell * static_cast<int>(rows.size());
  draw_frame(image, layout.left - 1, layout.top - 1,
             layout.cell * static_cast<int>(columns.size()) + 2, map_height + 2,
             palette(theme).muted);
  draw_legend(image, layout, layout.top + map_height + 34, weights.maximum, theme);
  return image;
}

}  // namespace heed
