// One attention map as a standalone SVG picture.
#pragma once

#include <optional>
#include <string>

#include "heed/inspect/attention_map.h"
#include "heed/inspect/colour_scale.h"

namespace heed {

struct HeatMapOptions {
  double cell_size = 22;       // pixels, 6 to 80; the labels follow it within readable limits
  double maximum = 0;          // the weight of the last colour; 0: the map's largest
  std::optional<Theme> theme;  // nothing: the picture follows the viewer's preference
};

// The picture: tokens on both axes, a cell per weight with its value as a tooltip where the map has
// at most 2,500 cells, and a legend. It needs no script, font or network. Throws a failure when the
// weights do not fill rows × columns.
std::string render_heat_map(const AttentionMap& map, const HeatMapOptions& options = {});

// The outline of all cells of one level: one SVG path per level keeps a large map small.
// `levels` is [rows, columns], row-major; the coordinates are in cells, `gap` is left between them.
std::string cell_path(const std::vector<unsigned char>& levels, std::size_t columns,
                      unsigned char level, double gap);

}  // namespace heed
