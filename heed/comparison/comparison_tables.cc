// The tables of a comparison.
#include <algorithm>
#include <cctype>
#include <cmath>

#include "heed/base/number_text.h"
#include "heed/comparison/comparison_report.h"

namespace heed {

namespace {

std::string spread_text(std::span<const double> scores, int decimals) {
  if (scores.empty()) {
    return "–";
  }
  const ScoreSpread spread = spread_of(scores);
  return scores.size() > 1
             ? fmt::format("{:.{}f} ± {:.{}f}", spread.mean, decimals, spread.deviation, decimals)
             : fmt::format("{:.{}f}", spread.mean, decimals);
}

std::string values_text(std::span<const double> scores, int decimals) {
  std::string text;
  for (const double score : scores) {
    text += fmt::format("{}{:.{}f}", text.empty() ? "by seed: " : ", ", score, decimals);
  }
  return text;
}

// Variants that none is better than by more than noise. None when all are alike.
std::vector<bool> winners(std::size_t variants, const std::vector<PairSummary>& pairs) {
  std::vector<bool> unbeaten(variants, true);
  for (const PairSummary& pair : pairs) {
    if (pair.difference.exceeds_noise()) {
      unbeaten[pair.second] = false;
    }
  }
  const bool all = std::all_of(unbeaten.begin(), unbeaten.end(), [](bool b) { return b; });
  return all ? std::vector<bool>(variants, false) : unbeaten;
}

std::string memory_text(std::int64_t bytes) {
  return fmt::format("{} MB", count_text(bytes >> 20));
}

std::vector<std::size_t> all_series(std::size_t variants) {
  std::vector<std::size_t> series(variants);
  for (std::size_t i = 0; i < variants; ++i) {
    series[i] = i;
  }
  return series;
}

ComparisonTable result_table(const ComparisonGroup& group, const GroupSummary& summary) {
  const bool task = group.quality == Quality::accuracy;
  ComparisonTable table{.title = "Result", .series = all_series(group.variants.size())};
  const QualityStyle& style = style_of(group.quality);
  table.columns = {"", style.name};
  if (task) {
    table.columns.push_back("% of tokens");
  }
  table.columns.insert(table.columns.end(), {"loss", "parameters", "tokens/s", "memory", "time"});
  const std::vector<bool> best = winners(group.variants.size(), summary.pairs);
  for (std::size_t i = 0; i < group.variants.size(); ++i) {
    const VariantSummary& variant = summary.variants[i];
    std::vector<TableCell> row = {{group.variants[i].label},
                                  {spread_text(variant.quality.scores, style.decimals), best[i],
                                   values_text(variant.quality.scores, style.decimals + 1)}};
    if (task) {
      row.push_back(
          {spread_text(variant.token_accuracy, 1), false, values_text(variant.token_accuracy, 2)});
    }
    row.push_back({spread_text(variant.loss, 3), false, values_text(variant.loss, 4)});
    row.push_back({count_text(group.variants[i].parameters)});
    row.push_back({count_text(std::llround(variant.tokens_per_second))});
    row.push_back({memory_text(variant.peak_bytes)});
    row.push_back({duration_text(variant.seconds)});
    table.rows.push_back(std::move(row));
  }
  const std::string count = count_text(static_cast<std::int64_t>(group.sentences));
  table.note = fmt::format(
      "On {}: mean and standard deviation over the seeds.{} What nothing is better than by more "
      "than noise is bold, where not all are alike.",
      group.quality == Quality::bits_per_character
          ? fmt::format("{} windows of the test text, {} characters each", count,
                        group.training_length)
          : count + " test sentences",
      style.lower_is_better ? " Lower is better." : "");
  return table;
}

TableCell bucket_cell(const BucketSummary& bucket, bool best, const QualityStyle& style) {
  if (!bucket.refusal.empty() && style.lower_is_better) {
    return {"refused", false, bucket.refusal};
  }
  if (!bucket.refusal.empty() && spread_of(bucket.quality.scores).mean == 0) {
    return {"0 (refused)", false, bucket.refusal};
  }
  const ScoreSpread spread = spread_of(bucket.quality.scores);
  std::string hint = values_text(bucket.quality.scores, style.decimals + 1);
  if (!bucket.exact.empty()) {
    hint += fmt::format("; exact: {:.1f} %", spread_of(bucket.exact).mean);
  }
  return {fmt::format("{:.{}f} ± {:.{}f}", spread.mean, style.decimals, spread.deviation,
                      style.decimals),
          best, hint};
}

ComparisonTable length_table(const ComparisonGroup& group, const GroupSummary& summary) {
  const QualityStyle& style = style_of(group.quality);
  ComparisonTable table{.title = fmt::format("{} by length", style.bucket_name),
                        .series = all_series(group.variants.size())};
  table.title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(table.title[0])));
  table.note =
      group.quality == Quality::bits_per_character
          ? fmt::format(
                "Columns: {} of a window. Those trained on have {}. Lower is better; a "
                "scheme breaks at the first length beyond where it needs over {:.0f} % more "
                "bits than at {}.",
                group.length_unit, group.training_length, 100 * (break_ratio - 1),
                group.training_length)
          : fmt::format("Columns: {} of the source. The longest trained on has {}.",
                        group.length_unit, group.training_length);
  table.columns = {""};
  for (const LengthBucket& bucket : group.buckets) {
    table.columns.push_back(bucket.label);
  }
  if (group.quality == Quality::accuracy) {
    table.columns.push_back(fmt::format("below {:.0f} % at", break_accuracy));
  } else if (group.quality == Quality::bits_per_character) {
    table.columns.emplace_back("breaks at");
  }
  std::vector<std::vector<bool>> best;
  for (const auto& pairs : summary.bucket_pairs) {
    best.push_back(winners(group.variants.size(), pairs));
  }
  for (std::size_t i = 0; i < group.variants.size(); ++i) {
    const VariantSummary& variant = summary.variants[i];
    std::vector<TableCell> row = {{group.variants[i].label}};
    for (std::size_t bucket = 0; bucket < variant.buckets.size(); ++bucket) {
      row.push_back(bucket_cell(variant.buckets[bucket], best[bucket][i], style));
    }
    if (group.quality != Quality::bleu) {
      row.push_back({variant.breaks_at
                         ? fmt::format("{:.0f}", group.buckets[*variant.breaks_at].length)
                         : "never"});
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

ComparisonTable exact_table(const ComparisonGroup& group, const GroupSummary& summary) {
  ComparisonTable table{
      .title = "% exact by length", .columns = {""}, .series = all_series(group.variants.size())};
  for (const LengthBucket& bucket : group.buckets) {
    table.columns.push_back(bucket.label);
  }
  for (std::size_t i = 0; i < group.variants.size(); ++i) {
    std::vector<TableCell> row = {{group.variants[i].label}};
    for (const BucketSummary& bucket : summary.variants[i].buckets) {
      row.push_back({spread_text(bucket.exact, 1)});
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

TableCell difference_cell(const RunDifference& d, int decimals) {
  const auto text = [](double value, int places) {
    const std::string digits = fmt::format("{:.{}f}", std::abs(value), places);
    const bool zero = digits.find_first_not_of("0.") == std::string::npos;
    return (zero ? "" : value < 0 ? "−" : "+") + digits;
  };
  return {text(d.difference, decimals), d.exceeds_noise(),
          fmt::format(
              "95 % interval {} … {}{}", text(d.lower, decimals + 1), text(d.upper, decimals + 1),
              d.margin ? fmt::format("; over seeds it must exceed {:.{}f}", *d.margin, decimals + 1)
                       : "")};
}

ComparisonTable pair_table(const ComparisonGroup& group, const GroupSummary& summary) {
  const QualityStyle& style = style_of(group.quality);
  ComparisonTable table{.title = fmt::format("Differences in {}", style.name),
                        .note = fmt::format("Row minus column{}. Bold: more than noise.",
                                            style.lower_is_better ? ": below 0 is better" : "")};
  table.columns = {""};
  std::vector<std::vector<TableCell>> cells(group.variants.size());
  for (auto& row : cells) {
    row.resize(group.variants.size());
  }
  for (const PairSummary& pair : summary.pairs) {
    const RunDifference& d = pair.difference;
    cells[pair.first][pair.second] = difference_cell(d, style.decimals);
    RunDifference back = d;
    back.difference = -d.difference;
    back.lower = -d.upper;
    back.upper = -d.lower;
    cells[pair.second][pair.first] = difference_cell(back, style.decimals);
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

}  // namespace

std::vector<ComparisonTable> comparison_tables(const ComparisonGroup& group,
                                               const GroupSummary& summary) {
  std::vector<ComparisonTable> tables = {result_table(group, summary)};
  if (!group.buckets.empty()) {
    tables.push_back(length_table(group, summary));
    if (group.quality == Quality::accuracy) {
      tables.push_back(exact_table(group, summary));
    }
  }
  if (group.variants.size() > 2) {
    tables.push_back(pair_table(group, summary));
  }
  return tables;
}

}  // namespace heed
