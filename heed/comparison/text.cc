#include "heed/comparison/text.h"

#include <algorithm>

#include "heed/comparison/tables.h"

namespace heed {

namespace {

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

}  // namespace

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
      text +=
          t == 0 && group.measures.metric->style().lower_is_better ? "Lower is better.\n\n" : "";
    }
    for (const auto* findings : {&summary.groups[i].findings, &summary.groups[i].length_findings}) {
      for (const std::string& finding : *findings) {
        text += finding + "\n";
      }
    }
  }
  return text;
}

}  // namespace heed
