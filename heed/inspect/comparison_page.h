// comparison.html: what a comparison of several models found, on one page that needs nothing beside
// itself: sentences, tables, and charts with a line and a band for each model.
//
//   ComparisonPage page;
//   page.title = "Positions";
//   page.sections.push_back({.title = "copy", .findings = {"rotary is better than …"}});
//   write_file_atomically(run / "comparison.html", render_comparison(page));
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "heed/inspect/report.h"

namespace heed {

struct TableCell {
  std::string text;
  bool strong = false;
  std::string hint;  // shown when pointed at
};

struct ComparisonTable {
  std::string title;
  std::string note;                  // below the title; may be empty
  std::vector<std::string> columns;  // the first one heads the names of the rows
  std::vector<std::vector<TableCell>> rows;
  // The line of the charts that row i stands for; empty: rows stand for none.
  std::vector<std::size_t> series;
  bool strong_is_best = true;  // and has the colour of that
};

struct BandPoint {
  double x = 0;
  double mean = 0;  // not finite: a gap
  double least = 0, largest = 0;
};

struct BandCurve {
  std::string name;
  std::size_t series = 0;  // decides colour and dashes; the same model has the same everywhere
  std::vector<BandPoint> points;
};

struct ComparisonChart {
  std::string title;
  std::string x_name;  // "step", "length"
  std::string unit;    // of the values
  std::vector<BandCurve> curves;
  std::optional<double> mark;  // an x of note, such as the training length
  std::string mark_name;
  std::optional<double> low, high;  // the values' natural limits, if the axis should show them
  bool dots = false;                // mark every point
};

struct ComparisonSection {
  std::string title;  // empty where the page has one section
  std::vector<std::string> findings;
  std::vector<ComparisonTable> tables;  // the first stands before the charts, the others after
  std::vector<ComparisonChart> charts;
  std::vector<std::string> details;  // sentences below the charts
  std::string details_title;
};

struct ComparisonPage {
  std::string title;
  std::string subtitle;
  std::vector<SummaryRow> headlines;
  std::vector<ComparisonSection> sections;
  std::vector<std::string> notes;
};

// The page. Whatever the texts contain, they are shown as text. Throws a failure when a row of a
// table has another number of cells than there are columns.
std::string render_comparison(const ComparisonPage& page);

}  // namespace heed
