// A comparison for a terminal.
//
//   std::cout << comparison_text(comparison, summary);
//
// Thread-safety: comparison_text() may be called from any thread.
#pragma once

#include <string>

#include "heed/comparison/summary.h"

namespace heed {

// The first tables with aligned columns, and the findings below.
std::string comparison_text(const Comparison& comparison, const ComparisonSummary& summary);

}  // namespace heed
