// Attention maps as pixels, for PNG files.
#pragma once

#include "heed/inspect/heat_map.h"
#include "heed/inspect/png.h"

namespace heed {

// What render_heat_map draws, with two pixels for each of its own: tokens on both axes, the cells,
// a legend. `options.theme` nothing: light. Errors: as there.
Image draw_heat_map(const AttentionMap& map, const HeatMapOptions& options = {});

}  // namespace heed
