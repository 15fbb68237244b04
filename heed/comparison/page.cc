#include "heed/comparison/page.h"

#include "heed/comparison/charts.h"
#include "heed/comparison/tables.h"

namespace heed {

ComparisonPage comparison_page(const Comparison& comparison, const ComparisonSummary& summary) {
  ComparisonPage page{
      .title = comparison.title, .subtitle = comparison.subtitle, .notes = comparison.notes};
  for (std::size_t i = 0; i < comparison.groups.size(); ++i) {
    const ComparisonGroup& group = comparison.groups[i];
    const GroupSummary& found = summary.groups[i];
    page.sections.push_back({.title = group.label,
                             .findings = found.findings,
                             .tables = comparison_tables(group, found),
                             .charts = comparison_charts(group, found),
                             .details = found.length_findings,
                             .details_title = "Findings by length"});
  }
  return page;
}

}  // namespace heed
