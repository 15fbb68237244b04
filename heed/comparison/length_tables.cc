// The tables by length.
#include <fmt/format.h>

#include "heed/comparison/tables.h"
#include "heed/comparison/words.h"

namespace heed {

namespace {

TableCell bucket_cell(const BucketSummary& bucket, bool best, const MetricStyle& style) {
  const ScoreSpread spread = spread_of(bucket.scores.scores);
  if (!bucket.refusal.empty() && style.lower_is_better) {
    return {"refused", false, bucket.refusal};
  }
  if (!bucket.refusal.empty() && spread.mean == 0) {
    return {"0 (refused)", false, bucket.refusal};
  }
  std::string hint = by_seed_text(bucket.scores.scores, style.decimals + 1);
  for (const MetricScores& other : bucket.besides) {
    hint += "; " + named_score(other.metric->style(), spread_of(other.scores).mean);
  }
  return {fmt::format("{:.{}f} ± {:.{}f}", spread.mean, style.decimals, spread.deviation,
                      style.decimals),
          best, hint};
}

std::string length_note(const ComparisonGroup& group) {
  const GroupMeasures& measures = group.measures;
  if (!measures.length_note.empty()) {
    return measures.length_note;
  }
  const bool lower_is_better = measures.length_metric()->style().lower_is_better;
  std::string note = fmt::format("Columns: {}. The longest trained on has {}.{}", group.length_unit,
                                 group.training_length, lower_is_better ? " Lower is better." : "");
  if (measures.breaks.ratio) {
    note += fmt::format(
        " A variant breaks at the first length beyond where its score is worse than at {} by more "
        "than a factor of {}.",
        group.training_length, *measures.breaks.ratio);
  }
  return note;
}

// The head of the column that tells where a variant breaks.
std::string break_column(const GroupMeasures& measures) {
  if (measures.breaks.ratio) {
    return "breaks at";
  }
  return fmt::format("{} {}{} at",
                     measures.length_metric()->style().lower_is_better ? "above" : "below",
                     measures.breaks.below.value(), measures.share_of.empty() ? "" : " %");
}

// The columns of a table by length, without rows.
ComparisonTable empty_length_table(const ComparisonGroup& group, const Metric& metric) {
  ComparisonTable table{.title = capitalised(metric.style().name + " by length"),
                        .columns = {""},
                        .series = series_of_variants(group)};
  for (const LengthBucket& bucket : group.buckets) {
    table.columns.push_back(bucket.label);
  }
  return table;
}

}  // namespace

ComparisonTable length_table(const ComparisonGroup& group, const GroupSummary& summary) {
  const GroupMeasures& measures = group.measures;
  const MetricStyle& style = measures.length_metric()->style();
  ComparisonTable table = empty_length_table(group, *measures.length_metric());
  table.note = length_note(group);
  if (measures.breaks.any()) {
    table.columns.push_back(break_column(measures));
  }
  std::vector<std::vector<bool>> best;
  for (const auto& pairs : summary.bucket_pairs) {
    best.push_back(leading_variants(group.variants.size(), pairs));
  }
  for (std::size_t i = 0; i < group.variants.size(); ++i) {
    const VariantSummary& variant = summary.variants[i];
    std::vector<TableCell> row = {{group.variants[i].label}};
    for (std::size_t bucket = 0; bucket < variant.buckets.size(); ++bucket) {
      row.push_back(bucket_cell(variant.buckets[bucket], best[bucket][i], style));
    }
    if (measures.breaks.any()) {
      row.push_back({variant.breaks_at
                         ? fmt::format("{:.0f}", group.buckets[*variant.breaks_at].length)
                         : "never"});
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::vector<ComparisonTable> other_length_tables(const ComparisonGroup& group,
                                                 const GroupSummary& summary) {
  std::vector<ComparisonTable> tables;
  const auto others = group.measures.all_but(group.measures.length_metric());
  for (std::size_t k = 0; k < others.size(); ++k) {
    ComparisonTable table = empty_length_table(group, *others[k]);
    for (std::size_t i = 0; i < group.variants.size(); ++i) {
      std::vector<TableCell> row = {{group.variants[i].label}};
      for (const BucketSummary& bucket : summary.variants[i].buckets) {
        row.push_back({spread_text(bucket.besides[k].scores, others[k]->style().decimals)});
      }
      table.rows.push_back(std::move(row));
    }
    tables.push_back(std::move(table));
  }
  return tables;
}

}  // namespace heed
