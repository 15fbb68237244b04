// A comparison as files: tables for the terminal and for Markdown, numbers as JSON, and the page.
#pragma once

#include <string>
#include <vector>

#include "heed/base/config.h"
#include "heed/inspect/comparison_page.h"
#include "heed/comparison/comparison.h"

namespace heed {

// The tables of a group: the result; the quality by length, where there are buckets; the
// differences of all pairs, where there are more than two variants.
std::vector<ComparisonTable> comparison_tables(const ComparisonGroup& group,
                                               const GroupSummary& summary);

// For a terminal, tables with aligned columns and the findings below.
std::string comparison_text(const Comparison& comparison, const ComparisonSummary& summary);
std::string comparison_markdown(const Comparison& comparison, const ComparisonSummary& summary);
// Every number. What only clocks and memory know stands in objects called "cost".
Json comparison_json(const Comparison& comparison, const ComparisonSummary& summary);
ComparisonPage comparison_page(const Comparison& comparison, const ComparisonSummary& summary);

}  // namespace heed
