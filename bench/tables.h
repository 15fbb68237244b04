// The tables of a benchmark run, for the terminal.
#pragma once

#include "measurements.h"

namespace heed::bench {

void print_report(const Measurements& all);

}  // namespace heed::bench
