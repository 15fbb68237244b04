// The tables of a comparison, and their two forms as text.
#include <algorithm>
#include <cmath>

#include "heed/training/comparison_report.h"
#include "heed/training/progress.h"

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

// Variants that no other one exceeds by more than noise. None when all are alike.
std::vector<bool> winners(std::size_t variants, const std::vector<PairSummary>& pairs) {
  std::vector<bool> unbeaten(variants, true);
  for (const PairSummary& pair : pairs) {
    if (pair.difference.exceeds_noise()) {
      unbeaten[pair.difference.difference > 0 ? pair.second : pair.first] = false;
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
  table.columns = {"", quality_name(group.quality)};
  if (task) {
    table.columns.push_back("% of tokens");
  }
  table.columns.insert(table.columns.end(), {"loss", "parameters", "tokens/s", "memory", "time"});
  const std::vector<bool> best = winners(group.variants.size(), summary.pairs);
  for (std::size_t i = 0; i < group.variants.size(); ++i) {
    const VariantSummary& variant = summary.variants[i];
    std::vector<TableCell> row = {
        {group.variants[i].label},
        {spread_text(variant.quality.scores, 1), best[i], values_text(variant.quality.scores, 2)}};
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
  table.note = fmt::format(
      "On {} test sentences: mean and standard deviation over the seeds. What nothing exceeds by "
      "more than noise is bold, where not all are alike.",
      count_text(static_cast<std::int64_t>(group.sentences)));
  return table;
}

TableCell bucket_cell(const BucketSummary& bucket, bool best) {
  if (!bucket.refusal.empty() && spread_of(bucket.quality.scores).mean == 0) {
    return {"0 (refused)", false, bucket.refusal};
  }
  const ScoreSpread spread = spread_of(bucket.quality.scores);
  std::string hint = values_text(bucket.quality.scores, 2);
  if (!bucket.exact.empty()) {
    hint += fmt::format("; exact: {:.1f} %", spread_of(bucket.exact).mean);
  }
  return {fmt::format("{:.1f} ± {:.1f}", spread.mean, spread.deviation), best, hint};
}

ComparisonTable length_table(const ComparisonGroup& group, const GroupSummary& summary) {
  const bool task = group.quality == Quality::accuracy;
  ComparisonTable table{.title = fmt::format("{} by length", bucket_quality_name(group.quality)),
                        .series = all_series(group.variants.size())};
  table.note = fmt::format("Columns: {} of the source. The longest trained on has {}.",
                           group.length_unit, group.training_length);
  table.columns = {""};
  for (const LengthBucket& bucket : group.buckets) {
    table.columns.push_back(bucket.label);
  }
  if (task) {
    table.columns.push_back(fmt::format("below {:.0f} % at", break_accuracy));
  }
  std::vector<std::vector<bool>> best;
  for (const auto& pairs : summary.bucket_pairs) {
    best.push_back(winners(group.variants.size(), pairs));
  }
  for (std::size_t i = 0; i < group.variants.size(); ++i) {
    const VariantSummary& variant = summary.variants[i];
    std::vector<TableCell> row = {{group.variants[i].label}};
    for (std::size_t bucket = 0; bucket < variant.buckets.size(); ++bucket) {
      row.push_back(bucket_cell(variant.buckets[bucket], best[bucket][i]));
    }
    if (task) {
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

TableCell difference_cell(const RunDifference& d) {
  const auto text = [](double value, int decimals) {
    const std::string digits = fmt::format("{:.{}f}", std::abs(value), decimals);
    const bool zero = digits.find_first_not_of("0.") == std::string::npos;
    return (zero ? "" : value < 0 ? "−" : "+") + digits;
  };
  return {
      text(d.difference, 1), d.exceeds_noise(),
      fmt::format("95 % interval {} … {}{}", text(d.lower, 2), text(d.upper, 2),
                  d.margin ? fmt::format("; over seeds it must exceed {:.2f}", *d.margin) : "")};
}

ComparisonTable pair_table(const ComparisonGroup& group, const GroupSummary& summary) {
  ComparisonTable table{.title = fmt::format("Differences in {}", quality_name(group.quality)),
                        .note = "Row minus column. Bold: more than noise."};
  table.columns = {""};
  std::vector<std::vector<TableCell>> cells(group.variants.size());
  for (auto& row : cells) {
    row.resize(group.variants.size());
  }
  for (const PairSummary& pair : summary.pairs) {
    const RunDifference& d = pair.difference;
    cells[pair.first][pair.second] = difference_cell(d);
    RunDifference back = d;
    back.difference = -d.difference;
    back.lower = -d.upper;
    back.upper = -d.lower;
    cells[pair.second][pair.first] = difference_cell(back);
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

// Characters of a text, as far as columns are concerned.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string padded(const std::string& text, std::size_t width, bool left) {
  const std::string space(width - std::min(width, width_of(text)), ' ');
  return left ? text + space : space + text;
}

std::string table_text(const ComparisonTable& table) {
  std::vector<std::size_t> widths;
  for (std::size_t j = 0; j < table.columns.size(); ++j) {
    widths.push_back(width_of(table.columns[j]));
    for (const auto& row : table.rows) {
      widths[j] = std::max(widths[j], width_of(row[j].text));
    }
  }
  std::string text;
  const auto add_row = [&](auto&& cell) {
    std::string line;
    for (std::size_t j = 0; j < widths.size(); ++j) {
      line += (j == 0 ? "" : "  ") + padded(cell(j), widths[j], j == 0);
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  };
  add_row([&](std::size_t j) { return table.columns[j]; });
  for (const auto& row : table.rows) {
    add_row([&](std::size_t j) { return row[j].text; });
  }
  return text;
}

std::string markdown_cell(const std::string& text) {
  std::string result;
  for (const char c : text) {
    result += c == '|' ? "\\|" : c == '<' ? "&lt;" : std::string(1, c);
  }
  return result;
}

std::string table_markdown(const ComparisonTable& table) {
  std::string text = "|";
  for (const std::string& column : table.columns) {
    text += " " + markdown_cell(column) + " |";
  }
  text += "\n|---|";
  for (std::size_t j = 1; j < table.columns.size(); ++j) {
    text += "---:|";
  }
  text += "\n";
  for (const auto& row : table.rows) {
    text += "|";
    for (const TableCell& cell : row) {
      const std::string shown = markdown_cell(cell.text);
      text += cell.strong ? " **" + shown + "** |" : " " + shown + " |";
    }
    text += "\n";
  }
  return text;
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

std::string comparison_text(const Comparison& comparison, const ComparisonSummary& summary) {
  std::string text;
  for (std::size_t i = 0; i < comparison.groups.size(); ++i) {
    const ComparisonGroup& group = comparison.groups[i];
    text += i == 0 ? "" : "\n";
    text += group.label.empty() ? "" : group.label + "\n\n";
    auto tables = comparison_tables(group, summary.groups[i]);
    tables.resize(std::min<std::size_t>(tables.size(), group.buckets.empty() ? 1 : 2));
    for (std::size_t t = 0; t < tables.size(); ++t) {
      text += t == 0 ? "" : tables[t].title + "\n";
      text += table_text(tables[t]) + "\n";
    }
    for (const auto* findings : {&summary.groups[i].findings, &summary.groups[i].length_findings}) {
      for (const std::string& finding : *findings) {
        text += finding + "\n";
      }
    }
  }
  return text;
}

std::string comparison_markdown(const Comparison& comparison, const ComparisonSummary& summary) {
  std::string text = fmt::format("# {}\n\n{}\n", comparison.title, comparison.subtitle);
  for (std::size_t i = 0; i < comparison.groups.size(); ++i) {
    const ComparisonGroup& group = comparison.groups[i];
    text += group.label.empty() ? "" : fmt::format("\n## {}\n", group.label);
    text += "\n";
    for (const auto* findings : {&summary.groups[i].findings, &summary.groups[i].length_findings}) {
      for (const std::string& finding : *findings) {
        text += fmt::format("- {}\n", markdown_cell(finding));
      }
    }
    for (const ComparisonTable& table : comparison_tables(group, summary.groups[i])) {
      text += fmt::format("\n**{}.** {}\n\n{}", table.title, table.note, table_markdown(table));
    }
  }
  text += "\n## Method\n\n";
  for (const std::string& note : comparison.notes) {
    text += fmt::format("- {}\n", markdown_cell(note));
  }
  return text;
}

}  // namespace heed
