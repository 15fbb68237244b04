// The table of differences between variants.
#include <fmt/format.h>

#include <cmath>

#include "heed/comparison/tables.h"

namespace heed {

namespace {

// A number with its sign; "0.0" has none.
std::string signed_text(double value, int decimals) {
  const std::string digits = fmt::format("{:.{}f}", std::abs(value), decimals);
  const bool zero = digits.find_first_not_of("0.") == std::string::npos;
  return (zero ? "" : value < 0 ? "−" : "+") + digits;
}

TableCell difference_cell(const RunDifference& d, int decimals) {
  return {signed_text(d.difference, decimals), d.exceeds_noise(),
          fmt::format(
              "95 % interval {} … {}{}", signed_text(d.lower, decimals + 1),
              signed_text(d.upper, decimals + 1),
              d.margin ? fmt::format("; over seeds it must exceed {:.{}f}", *d.margin, decimals + 1)
                       : "")};
}

RunDifference turned_round(const RunDifference& d) {
  RunDifference back = d;
  back.difference = -d.difference;
  back.lower = -d.upper;
  back.upper = -d.lower;
  return back;
}

}  // namespace

ComparisonTable pair_table(const ComparisonGroup& group, const GroupSummary& summary) {
  const MetricStyle& style = group.measures.metric->style();
  ComparisonTable table{.title = fmt::format("Differences in {}", style.name),
                        .note = fmt::format("Row minus column{}. Bold: more than noise.",
                                            style.lower_is_better ? ": below 0 is better" : ""),
                        .strong_is_best = false};
  table.columns = {""};
  std::vector<std::vector<TableCell>> cells(group.variants.size());
  for (auto& row : cells) {
    row.resize(group.variants.size());
  }
  for (const PairSummary& pair : summary.pairs) {
    cells[pair.first][pair.second] = difference_cell(pair.difference, style.decimals);
    cells[pair.second][pair.first] = difference_cell(turned_round(pair.difference), style.decimals);
  }
  for (const std::size_t i : summary.ranking) {
    table.columns.push_back(group.variants[i].label);
    table.series.push_back(i);
    std::vector<TableCell> row = {{group.variants[i].label}};
    for (const std::size_t j : summary.ranking) {
      row.push_back(i == j ? TableCell{"·"} : cells[i][j]);
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace heed
