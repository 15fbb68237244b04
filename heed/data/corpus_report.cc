#include <fmt/format.h>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/base/unicode.h"
#include "heed/data/corpus_check.h"

namespace heed {

namespace {

std::string length_row(const char* what, const LengthSummary& lengths) {
  return fmt::format("  {:<11}{:>9.1f}{:>9}{:>9}{:>9}{:>9}\n", what, lengths.mean, lengths.median,
                     lengths.percentile_90, lengths.percentile_99, lengths.longest);
}

std::string side_text(const char* what, const SideReport& side) {
  std::string text = fmt::format("{}: {}, {} lines\n", what, side.name, side.lines);
  text += fmt::format("  {:<11}{:>9}{:>9}{:>9}{:>9}{:>9}\n", "a line has", "mean", "median", "90 %",
                      "99 %", "most");
  text += length_row("words", side.words) + length_row("characters", side.characters);
  for (const FindingExample& line : side.longest_lines) {
    text += fmt::format("  longest: line {}: {}\n", line.line, line.note);
  }
  return text;
}

Json examples_json(const std::vector<FindingExample>& examples) {
  Json list = Json::array();
  for (const FindingExample& example : examples) {
    list.push_back({{"line", example.line}, {"note", example.note}});
  }
  return list;
}

Json lengths_json(const LengthSummary& lengths) {
  return {{"mean", lengths.mean},
          {"median", lengths.median},
          {"percentile_90", lengths.percentile_90},
          {"percentile_99", lengths.percentile_99},
          {"longest", lengths.longest}};
}

Json side_json(const SideReport& side) {
  return {{"name", escape_invalid_utf8(side.name)},
          {"lines", side.lines},
          {"words", lengths_json(side.words)},
          {"characters", lengths_json(side.characters)},
          {"longest_lines", examples_json(side.longest_lines)}};
}

}  // namespace

std::string report_text(const CorpusReport& report) {
  std::string text = side_text("source", report.source) + side_text("target", report.target);
  text += fmt::format("pairs: {}\n", report.pairs);
  for (const Finding& finding : report.findings) {
    text += fmt::format("{}{}: {}\n", finding.unusable ? "unusable: " : "odd: ", finding.meaning,
                        finding.count);
    for (const FindingExample& example : finding.examples) {
      text += fmt::format("  line {}: {}\n", example.line, example.note);
    }
  }
  if (report.findings.empty()) {
    text += "nothing odd was found\n";
  }
  return text + (report.usable() ? "" : "the corpus cannot be used as it is\n");
}

Json report_json(const CorpusReport& report) {
  Json findings = Json::array();
  for (const Finding& finding : report.findings) {
    findings.push_back({{"kind", finding.kind},
                        {"meaning", finding.meaning},
                        {"unusable", finding.unusable},
                        {"count", finding.count},
                        {"examples", examples_json(finding.examples)}});
  }
  return {{"usable", report.usable()},
          {"pairs", report.pairs},
          {"source", side_json(report.source)},
          {"target", side_json(report.target)},
          {"findings", findings}};
}

}  // namespace heed
