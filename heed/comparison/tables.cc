#include "heed/comparison/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "heed/base/number_text.h"
#include "heed/comparison/words.h"

namespace heed {

namespace {

std::string memory_text(std::int64_t bytes) {
  return fmt::format("{} MB", count_text(bytes >> 20));
}

TableCell score_cell(const Metric& metric, const std::vector<double>& scores, bool best) {
  const int decimals = metric.style().decimals;
  return {spread_text(scores, decimals), best, by_seed_text(scores, decimals + 1)};
}

}  // namespace

std::vector<bool> leading_variants(std::size_t variants, const std::vector<PairSummary>& pairs) {
  std::vector<bool> leading(variants, false), beaten(variants, false);
  std::vector<std::size_t> ranking;
  for (const PairSummary& pair : pairs) {
    if (ranking.empty()) {
      ranking.push_back(pair.first);
    }
    if (pair.first == ranking.front()) {
      ranking.push_back(pair.second);
    }
    beaten[pair.second] = beaten[pair.second] || pair.difference.exceeds_noise();
  }
  if (std::none_of(beaten.begin(), beaten.end(), [](bool b) { return b; })) {
    return leading;
  }
  for (const std::size_t variant : ranking) {
    if (beaten[variant]) {
      break;
    }
    leading[variant] = true;
  }
  return leading;
}

std::vector<std::size_t> series_of_variants(const ComparisonGroup& group) {
  std::vector<std::size_t> series(group.variants.size());
  std::iota(series.begin(), series.end(), std::size_t{0});
  return series;
}

ComparisonTable result_table(const ComparisonGroup& group, const GroupSummary& summary) {
  const GroupMeasures& measures = group.measures;
  ComparisonTable table{.title = "Result", .series = series_of_variants(group)};
  table.columns = {"", measures.metric->style().name};
  for (const auto& other : measures.all_but(measures.metric)) {
    table.columns.push_back(other->style().name);
  }
  table.columns.insert(table.columns.end(), {"loss", "parameters", "tokens/s", "memory", "time"});
  const std::vector<bool> best = leading_variants(group.variants.size(), summary.pairs);
  for (std::size_t i = 0; i < group.variants.size(); ++i) {
    const VariantSummary& variant = summary.variants[i];
    std::vector<TableCell> row = {{group.variants[i].label},
                                  score_cell(*measures.metric, variant.scores.scores, best[i])};
    for (const MetricScores& other : variant.besides) {
      row.push_back(score_cell(*other.metric, other.scores, false));
    }
    row.push_back({spread_text(variant.loss, 3), false, by_seed_text(variant.loss, 4)});
    row.push_back({count_text(group.variants[i].parameters)});
    const auto speed = variant.tokens_per_second;
    row.push_back({speed ? count_text(std::llround(*speed)) : "–"});
    row.push_back({memory_text(variant.peak_bytes)});
    row.push_back({duration_text(variant.seconds)});
    table.rows.push_back(std::move(row));
  }
  table.note = fmt::format(
      "On {}: mean and standard deviation over the seeds.{} Bold, where not all are alike: the "
      "best, and those next to it that nothing is better than by more than noise.",
      measures.tested_on.empty()
          ? fmt::format("{} test {}", count_text(static_cast<std::int64_t>(group.sentences)),
                        measures.items)
          : measures.tested_on,
      measures.metric->style().lower_is_better ? " Lower is better." : "");
  return table;
}

std::vector<ComparisonTable> comparison_tables(const ComparisonGroup& group,
                                               const GroupSummary& summary) {
  std::vector<ComparisonTable> tables = {result_table(group, summary)};
  if (!group.buckets.empty()) {
    tables.push_back(length_table(group, summary));
    for (ComparisonTable& table : other_length_tables(group, summary)) {
      tables.push_back(std::move(table));
    }
  }
  if (group.variants.size() > 2) {
    tables.push_back(pair_table(group, summary));
  }
  return tables;
}

}  // namespace heed
