// The tables of a comparison, as texts in cells: a terminal, Markdown and the page show the same.
//
//   for (const ComparisonTable& table : comparison_tables(group, summary)) …
//
// Thread-safety: all functions may be called from any thread.
#pragma once

#include <vector>

#include "heed/comparison/summary.h"
#include "heed/inspect/comparison_page.h"

namespace heed {

// The tables of a group: the result; the scores by length, where there are buckets, a table for
// each metric; the differences of all pairs, where there are more than two variants.
std::vector<ComparisonTable> comparison_tables(const ComparisonGroup& group,
                                               const GroupSummary& summary);

// Each of them by itself. Scores, costs and size of every variant:
ComparisonTable result_table(const ComparisonGroup& group, const GroupSummary& summary);
// A column for each bucket, by the metric that decides there:
ComparisonTable length_table(const ComparisonGroup& group, const GroupSummary& summary);
// The same by each of the others:
std::vector<ComparisonTable> other_length_tables(const ComparisonGroup& group,
                                                 const GroupSummary& summary);
// Every variant minus every other:
ComparisonTable pair_table(const ComparisonGroup& group, const GroupSummary& summary);

// The best variant, and those that follow it in the ranking as long as none is better than they are
// by more than noise: so no variant is marked that has a worse mean than one that is not. None when
// all are alike. `pairs` are all pairs, in the order of the ranking.
std::vector<bool> leading_variants(std::size_t variants, const std::vector<PairSummary>& pairs);

// The lines of the charts that the rows of a table stand for, where each variant has a row.
std::vector<std::size_t> series_of_variants(const ComparisonGroup& group);

}  // namespace heed
