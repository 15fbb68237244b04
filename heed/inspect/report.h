// report.html: what a training run did, on one page that needs nothing beside itself.
//
//   RunReport report;
//   report.title = "multi30k en-de";
//   report.summary.push_back({"Parameters", "55,207,087"});
//   report.curves.push_back({.name = "training", .group = "Loss", .unit = "nats per token"});
//   write_file_atomically(run / "report.html", render_report(report));
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "heed/inspect/attention_map.h"

namespace heed {

struct SummaryRow {
  std::string name;
  std::string value;
  bool headline = false;  // shown large at the head of the page as well
};

struct CurvePoint {
  std::int64_t step = 0;
  double value = 0;  // NaN and infinity interrupt the line
};

enum class Better { unspecified, lower, higher };

struct Curve {
  std::string name;   // within its chart: "training"
  std::string group;  // the chart: "Loss"; curves of one group share it. Empty: a chart of its own
  std::string unit;
  std::vector<CurvePoint> points;
  Better better = Better::unspecified;  // which value is marked as the best
  bool logarithmic = true;  // whether a logarithmic axis makes sense (it also needs values > 0)
};

// An example of what the model gives.
struct Sample {
  std::string input;
  std::string expected;  // empty: there is no one right answer to compare with
  std::string given;
  std::optional<double> score;
};

// How the page speaks of samples.
struct SampleWording {
  std::string title = "Examples";
  std::string input = "Input";
  std::string expected = "Expected";
  std::string given = "Output";
  std::string score = "score";
};

// One row per validation; cells are shown as given.
struct ValidationHistory {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  std::optional<std::size_t> best_row;
};

// A table of counts, whose cells are shaded by their share of the row: what was taken for what.
struct CountTable {
  std::string title;
  std::string row_name, column_name;  // what rows and columns are: "right", "predicted"
  std::vector<std::string> rows, columns;
  std::vector<std::vector<std::int64_t>> counts;  // by row
  std::string note;                               // below it; may be empty
};

struct RunReport {
  std::string title;
  std::string subtitle;
  std::vector<SummaryRow> summary;
  std::vector<Curve> curves;
  ValidationHistory history;
  std::optional<CountTable> counts;
  std::vector<Sample> samples;
  SampleWording sample_wording;
  std::string source_language;  // BCP 47 tags such as "en": choose fonts and hyphens; may be empty
  std::string target_language;
  // Maps of the same title and kind form one picture whose layer and head are chosen on the page;
  // maps without a cell are left out.
  std::vector<AttentionMap> attention;
  std::string attention_note;  // whose tokens the maps show; may be empty
  std::string recipe;          // the resolved recipe, shown on demand below the summary
  std::vector<std::string> notes;
};

// The page. Whatever the texts contain, they are shown as text. Curves of more than 1,500 points
// are drawn as means and ranges of neighbouring points. Throws a failure when an attention map's
// weights do not fit its labels, when maps of one title and kind have different tokens, when a
// row of the history has another number of cells than there are columns, or a table of counts
// another shape than its names.
std::string render_report(const RunReport& report);

// A page that render_report made, with `rows` at the beginning of its Run section, and those that
// are headlines at its head; what an earlier call put there is replaced. A page without such places
// stays as it is.
std::string with_results(std::string page, const std::vector<SummaryRow>& rows);

}  // namespace heed
