#include "heed/inspect/comparison_page.h"

#include <fmt/format.h>

#include <cmath>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/inspect/html.h"
#include "heed/inspect/page.h"
#include "heed/inspect/page_assets.h"

namespace heed {
namespace {

constexpr std::size_t colours = 8;  // of lines; as many as comparison.css and comparison.js have

std::string start_of(const ComparisonPage& page) {
  PageHead head{.title = page.title, .subtitle = page.subtitle};
  for (const SummaryRow& row : page.headlines) {
    head.headlines.emplace_back(row.name, row.value);
  }
  return page_start(head, {page_assets::comparison_css()});
}

std::string section_title(const ComparisonSection& section) {
  return section.title.empty() ? "Result" : escape_html(section.title);
}

void write_navigation(const ComparisonPage& page, std::string& out) {
  out += "<nav aria-label=\"Sections\"><ul>\n";
  for (std::size_t i = 0; i < page.sections.size(); ++i) {
    out +=
        fmt::format("<li><a href=\"#part-{}\">{}</a></li>\n", i, section_title(page.sections[i]));
  }
  if (!page.notes.empty()) {
    out += "<li><a href=\"#notes\">Method</a></li>\n";
  }
  out += "</ul></nav>\n";
}

std::string series_style(std::size_t series) {
  return fmt::format(" class=\"series dash{}\" style=\"--series: var(--s{})\"",
                     series / colours % 3, series % colours);
}

void write_cell(const TableCell& cell, std::string& out) {
  out += cell.strong ? "<td class=\"strong\"" : "<td";
  out += cell.hint.empty() ? ">" : fmt::format(" title=\"{}\">", escape_html(cell.hint));
  out += escape_html(cell.text) + "</td>";
}

void write_table(const ComparisonTable& table, const std::string& id, std::string& out) {
  out += fmt::format("<h3 id=\"{}\">{}</h3>\n", id, escape_html(table.title));
  if (!table.note.empty()) {
    out += fmt::format("<p class=\"aside\">{}</p>\n", escape_html(table.note));
  }
  out += fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"{}\">\n"
      "<table class=\"history comparison{}\">\n<thead><tr>",
      id, table.strong_is_best ? " marked" : "");
  for (const std::string& column : table.columns) {
    out += fmt::format("<th scope=\"col\">{}</th>", escape_html(column));
  }
  out += "</tr></thead>\n<tbody>\n";
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const auto& row = table.rows[i];
    check(row.size() == table.columns.size() && !row.empty(),
          "comparison '{}': row {} has {} cells for {} columns", table.title, i, row.size(),
          table.columns.size());
    out += fmt::format("<tr><th scope=\"row\"><span{} dir=\"auto\">{}</span></th>",
                       i < table.series.size() ? series_style(table.series[i]) : "",
                       escape_html(row.front().text));
    for (std::size_t j = 1; j < row.size(); ++j) {
      write_cell(row[j], out);
    }
    out += "</tr>\n";
  }
  out += "</tbody>\n</table>\n</div>\n";
}

void write_sentences(const std::vector<std::string>& sentences, const char* style,
                     std::string& out) {
  if (sentences.empty()) {
    return;
  }
  out += fmt::format("<ul class=\"{}\">\n", style);
  for (const std::string& sentence : sentences) {
    out += fmt::format("<li dir=\"auto\">{}</li>\n", escape_html(sentence));
  }
  out += "</ul>\n";
}

void write_section(const ComparisonSection& section, std::size_t number, std::string& out) {
  out += fmt::format(
      "<section id=\"part-{0}\" aria-labelledby=\"part-{0}-title\">\n<h2 id=\"part-{0}-title\">{1}"
      "</h2>\n",
      number, section_title(section));
  write_sentences(section.findings, "findings", out);
  const auto table = [&](std::size_t i) {
    write_table(section.tables[i], fmt::format("table-{}-{}", number, i), out);
  };
  if (!section.tables.empty()) {
    table(0);
  }
  if (!section.charts.empty()) {
    out += fmt::format(
        "<noscript><p class=\"aside\">The charts are drawn by the page's own script, which is "
        "switched off.</p></noscript>\n<div class=\"charts\" data-charts=\"{}\"></div>\n",
        number);
  }
  if (!section.details.empty()) {
    out += fmt::format("<h3>{}</h3>\n", escape_html(section.details_title));
    write_sentences(section.details, "findings details", out);
  }
  for (std::size_t i = 1; i < section.tables.size(); ++i) {
    table(i);
  }
  out += "</section>\n";
}

Json curve_data(const BandCurve& curve) {
  Json x = Json::array(), mean = Json::array(), least = Json::array(), largest = Json::array();
  for (const BandPoint& point : curve.points) {
    x.push_back(shown_number(point.x));
    mean.push_back(shown_number(point.mean));
    least.push_back(shown_number(point.least));
    largest.push_back(shown_number(point.largest));
  }
  // Named as curve_math.js knows them.
  return {{"name", printable_text(curve.name)},
          {"series", curve.series},
          {"step", x},
          {"mean", mean},
          {"least", least},
          {"largest", largest}};
}

Json chart_data(const ComparisonChart& chart) {
  Json curves = Json::array();
  for (const BandCurve& curve : chart.curves) {
    curves.push_back(curve_data(curve));
  }
  const auto optional = [](const std::optional<double>& value) {
    return value ? shown_number(*value) : Json();
  };
  return {{"title", printable_text(chart.title)},
          {"xName", printable_text(chart.x_name)},
          {"unit", printable_text(chart.unit)},
          {"mark", optional(chart.mark)},
          {"markName", printable_text(chart.mark_name)},
          {"low", optional(chart.low)},
          {"high", optional(chart.high)},
          {"dots", chart.dots},
          {"curves", curves}};
}

std::string end_of(const ComparisonPage& page) {
  Json sections = Json::array();
  for (const ComparisonSection& section : page.sections) {
    Json charts = Json::array();
    for (const ComparisonChart& chart : section.charts) {
      charts.push_back(chart_data(chart));
    }
    sections.push_back(charts);
  }
  return page_end({{"sections", sections}},
                  {page_assets::curve_math_js(), page_assets::comparison_js()});
}

}  // namespace

std::string render_comparison(const ComparisonPage& page) {
  std::string out = start_of(page);
  write_navigation(page, out);
  out += "<main>\n";
  for (std::size_t i = 0; i < page.sections.size(); ++i) {
    write_section(page.sections[i], i, out);
  }
  if (!page.notes.empty()) {
    out +=
        "<section id=\"notes\" aria-labelledby=\"notes-title\">\n"
        "<h2 id=\"notes-title\">Method</h2>\n<ul class=\"notes\">\n";
    for (const std::string& note : page.notes) {
      out += fmt::format("<li dir=\"auto\">{}</li>\n", escape_html(note));
    }
    out += "</ul>\n</section>\n";
  }
  return out + "</main>\n" + end_of(page);
}

}  // namespace heed
