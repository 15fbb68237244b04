// A comparison as the page comparison.html.
//
//   write_file_atomically(run / "comparison.html",
//                         render_comparison(comparison_page(comparison, summary)));
//
// Thread-safety: comparison_page() may be called from any thread.
#pragma once

#include "heed/comparison/summary.h"
#include "heed/inspect/comparison_page.h"

namespace heed {

// A section for each group: findings, tables, charts, findings by length.
ComparisonPage comparison_page(const Comparison& comparison, const ComparisonSummary& summary);

}  // namespace heed
