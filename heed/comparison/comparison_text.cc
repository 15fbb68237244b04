// The tables and findings of a comparison as text: for a terminal, and as Markdown.
#include <algorithm>

#include "heed/comparison/comparison_report.h"

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
      text += t == 0 && style_of(group.quality).lower_is_better ? "Lower is better.\n\n" : "";
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
