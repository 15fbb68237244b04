// The charts of a comparison: a line and a band over the seeds for each variant.
//
//   for (const ComparisonChart& chart : comparison_charts(group, summary)) …
//
// Thread-safety: comparison_charts() may be called from any thread.
#pragma once

#include <vector>

#include "heed/comparison/summary.h"
#include "heed/inspect/comparison_page.h"

namespace heed {

// Scores by length, where there are buckets; over the steps of training the validation loss, the
// metric of the group, where validation measured it, and the training loss. Bands reach from the
// lowest to the highest run, at the steps that all runs have. Charts without a point are left out.
std::vector<ComparisonChart> comparison_charts(const ComparisonGroup& group,
                                               const GroupSummary& summary);

}  // namespace heed
