// A benchmark run as figures: what heed reaches beside its peers, and beside what the machine can
// do.
#pragma once

#include "heed/inspect/figure.h"
#include "measurements.h"

namespace heed::bench {

FigureSheet figures_of(const Measurements& all);

}  // namespace heed::bench
