// A comparison as comparison.json.
//
//   write_file_atomically(run / "comparison.json", comparison_json(comparison, summary));
//
// Thread-safety: comparison_json() may be called from any thread.
#pragma once

#include <string>

#include "heed/comparison/summary.h"

namespace heed {

// The text of the file: every number. Scores stand under the keys of their metrics
// (MetricStyle::key); what only clocks and memory know stands in objects called "cost".
std::string comparison_json(const Comparison& comparison, const ComparisonSummary& summary);

}  // namespace heed
