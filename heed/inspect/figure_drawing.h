// Draws one figure on a canvas.
#pragma once

#include "heed/inspect/canvas.h"
#include "heed/inspect/figure.h"

namespace heed {

inline constexpr double figure_width = 400;
inline constexpr double figure_text_size = 11;
inline constexpr Paint figure_ink{Paint::Kind::ink};
inline constexpr Paint figure_muted{Paint::Kind::muted};
inline constexpr Paint figure_faint{Paint::Kind::faint};

// Draws the figure, without its title, into a column of figure_width from (0, 0) down; returns how
// high it is.
double draw_figure(Canvas& canvas, const Figure& figure);

}  // namespace heed
