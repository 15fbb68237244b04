#include "heed/inspect/attention_overview.h"

#include <fmt/format.h>

#include <algorithm>

#include "heed/inspect/drawing.h"
#include "heed/inspect/html.h"

namespace heed {
namespace {

constexpr int margin = 16;
constexpr int tile_width = 64;
constexpr int gap = 8;
constexpr int title_size = 15;
constexpr int label_size = 12;
constexpr int left = margin + 52;
constexpr int top = margin + 58;

// A layer's map and its place, in SVG's pixels.
struct Tile {
  AttentionMap map;
  int x, y;
};

// A line of text, its middle at the height y.
struct Label {
  double x, y;
  std::string text;
  int size = label_size;
  bool muted = true;
  Anchor anchor = Anchor::start;
};

struct OverviewLayout {
  int tile_height = tile_width;
  int columns = 0;
  int width = 0, height = 0;
  std::vector<Tile> tiles;
  std::vector<Label> labels;

  int x(int column) const { return left + column * (tile_width + gap); }
  int y(int row) const { return top + row * (tile_height + gap); }
};

void add_labels(const AttentionStack& stack, const std::string& title, OverviewLayout& layout) {
  layout.labels = {{margin, margin + 8, token_label(title, 100), title_size, false},
                   {margin, margin + 29, stack.kind}};
  for (int column = 0; column < layout.columns; ++column) {
    layout.labels.push_back(
        {.x = layout.x(column) + tile_width / 2.0,
         .y = top - 9,
         .text = column + 1 == layout.columns ? "mean" : std::to_string(column + 1),
         .anchor = Anchor::middle});
  }
  for (int row = 0; row < static_cast<int>(stack.layers.size()); ++row) {
    layout.labels.push_back({.x = left - 8,
                             .y = layout.y(row) + layout.tile_height / 2.0,
                             .text = fmt::format("layer {}", row + 1),
                             .anchor = Anchor::end});
  }
}

OverviewLayout lay_out(const AttentionStack& stack, const std::string& title) {
  check_attention_stack(stack);
  OverviewLayout layout;
  const auto shape = static_cast<double>(stack.row_labels.size()) /
                     static_cast<double>(std::max<std::size_t>(stack.column_labels.size(), 1));
  layout.tile_height = static_cast<int>(std::clamp(tile_width * shape, 32.0, 96.0));
  layout.columns = stack.most_heads() + 1;
  const double text = 1.1 * title_size * estimated_text_width(token_label(title, 100));
  layout.width = std::max(layout.x(layout.columns) - gap, margin + static_cast<int>(text)) + margin;
  layout.height = layout.y(static_cast<int>(stack.layers.size())) - gap + margin;
  for (int row = 0; row < static_cast<int>(stack.layers.size()); ++row) {
    const AttentionLayer& layer = stack.layers[static_cast<std::size_t>(row)];
    for (const int head : layer.heads) {
      layout.tiles.push_back({choose_map(stack, row + 1, {HeadChoice::Kind::one, head}),
                              layout.x(head - 1), layout.y(row)});
    }
    layout.tiles.push_back({choose_map(stack, row + 1, {HeadChoice::Kind::mean}),
                            layout.x(layout.columns - 1), layout.y(row)});
  }
  add_labels(stack, title, layout);
  return layout;
}

// One pixel a weight.
Image pixels_of(const AttentionMap& map, Theme theme) {
  const QuantisedWeights weights = quantise_weights(map.weights);
  Image image(static_cast<int>(map.column_labels.size()), static_cast<int>(map.row_labels.size()),
              palette(theme).paper);
  for (std::size_t i = 0; i < weights.levels.size(); ++i) {
    const unsigned char level = weights.levels[i];
    image.pixels[i] =
        level == not_a_number_level ? palette(theme).muted : weight_colours(theme)[level];
  }
  return image;
}

void paste(Image& image, const Image& tile, int x, int y, int width, int height) {
  for (int j = 0; j < height; ++j) {
    for (int i = 0; i < width; ++i) {
      image.at(x + i, y + j) = tile.at(i * tile.width / width, j * tile.height / height);
    }
  }
}

}  // namespace

Image draw_overview(const AttentionStack& stack, const std::string& title, Theme theme) {
  constexpr int scale = 2;
  const OverviewLayout layout = lay_out(stack, title);
  const Palette& colours = palette(theme);
  Image image(scale * layout.width, scale * layout.height, colours.paper);
  for (const Label& label : layout.labels) {
    draw_text(image, scale * label.x, scale * label.y, label.text,
              {.size = static_cast<double>(scale * label.size),
               .colour = label.muted ? colours.muted : colours.ink,
               .anchor = label.anchor});
  }
  for (const Tile& tile : layout.tiles) {
    paste(image, pixels_of(tile.map, theme), scale * tile.x, scale * tile.y, scale * tile_width,
          scale * layout.tile_height);
    draw_frame(image, scale * tile.x - 1, scale * tile.y - 1, scale * tile_width + 2,
               scale * layout.tile_height + 2, colours.muted);
  }
  return image;
}

std::string render_overview(const AttentionStack& stack, const std::string& title, Theme theme) {
  const OverviewLayout layout = lay_out(stack, title);
  const Palette& colours = palette(theme);
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} "
      "{1}\" role=\"img\" font-family=\"system-ui,-apple-system,'Segoe UI',Roboto,'Noto "
      "Sans',sans-serif\"><title>{2}</title><rect width=\"100%\" height=\"100%\" fill=\"{3}\"/>",
      layout.width, layout.height, escape_html(stack.kind + ": " + title), to_hex(colours.paper));
  for (const Label& label : layout.labels) {
    out += fmt::format(
        "<text x=\"{:.1f}\" y=\"{:.1f}\" dy=\".35em\" font-size=\"{}\" fill=\"{}\" "
        "text-anchor=\"{}\">{}</text>",
        label.x, label.y, label.size, to_hex(label.muted ? colours.muted : colours.ink),
        label.anchor == Anchor::start    ? "start"
        : label.anchor == Anchor::middle ? "middle"
                                         : "end",
        escape_html(label.text));
  }
  for (const Tile& tile : layout.tiles) {
    const std::string png = encode_png(pixels_of(tile.map, theme));
    const auto* bytes = reinterpret_cast<const unsigned char*>(png.data());
    out += fmt::format(
        "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" "
        "style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{}\"><title>{}</title>"
        "</image>",
        tile.x, tile.y, tile_width, layout.tile_height, encode_base64({bytes, png.size()}),
        escape_html(layer_and_head(tile.map)));
    out += fmt::format(
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"{}\" "
        "stroke-opacity=\".35\"/>",
        tile.x - 0.5, tile.y - 0.5, tile_width + 1, layout.tile_height + 1, to_hex(colours.muted));
  }
  return out + "</svg>\n";
}

}  // namespace heed
