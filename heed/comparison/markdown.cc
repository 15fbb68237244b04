#include "heed/comparison/markdown.h"

#include <fmt/format.h>

#include "heed/comparison/tables.h"

namespace heed {

namespace {

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
