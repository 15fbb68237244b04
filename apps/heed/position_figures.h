// The figures by which textbooks explain position schemes, from what a scheme really computes.
#pragma once

#include "heed/inspect/figure.h"
#include "heed/nn/position/position_encoding.h"

namespace heed::app {

// Of the positions 0 … scope.longest - 1. Learned numbers are shown as they are before training.
// Errors (usage): a scheme that has nothing to draw (none), and options without sense.
FigureSheet position_figures(const PositionConfig& config, const PositionScope& scope);

}  // namespace heed::app
