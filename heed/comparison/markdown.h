// A comparison as comparison.md.
//
//   write_file_atomically(run / "comparison.md", comparison_markdown(comparison, summary));
//
// Thread-safety: comparison_markdown() may be called from any thread.
#pragma once

#include <string>

#include "heed/comparison/summary.h"

namespace heed {

// Findings, all tables, and the notes as a section on the method. Whatever labels contain is shown
// as text.
std::string comparison_markdown(const Comparison& comparison, const ComparisonSummary& summary);

}  // namespace heed
