// Draws bars on a canvas.
#pragma once

#include "heed/inspect/canvas.h"
#include "heed/inspect/figure.h"

namespace heed {

// As draw_figure().
double draw_bars(Canvas& canvas, const BarFigure& figure);

}  // namespace heed
