#include "heed/inspect/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string_view>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/inspect/html.h"
#include "heed/inspect/page.h"
#include "heed/inspect/page_assets.h"
#include "heed/inspect/report_data.h"
#include "heed/inspect/word_difference.h"

namespace heed {
namespace {

constexpr std::size_t samples_shown_at_once = 6;

// Attributes of an element whose text is in the given language, written in either direction.
std::string text_attributes(const std::string& language) {
  return language.empty() ? " dir=\"auto\""
                          : fmt::format(" dir=\"auto\" lang=\"{}\"", escape_html(language));
}

std::string start_of(const RunReport& report) {
  PageHead head{.title = report.title.empty() ? "Training run" : report.title,
                .subtitle = report.subtitle};
  for (const SummaryRow& row : report.summary) {
    if (row.headline) {
      head.headlines.emplace_back(row.name, row.value);
    }
  }
  return page_start(head);
}

struct Section {
  std::string_view id;
  std::string_view title;
  bool present;
};

void write_navigation(const std::vector<Section>& sections, std::string& out) {
  out += "<nav aria-label=\"Sections\"><ul>\n";
  for (const Section& section : sections) {
    if (section.present) {
      out +=
          fmt::format("<li><a href=\"#{}\">{}</a></li>\n", section.id, escape_html(section.title));
    }
  }
  out += "</ul></nav>\n";
}

void open_section(const Section& section, std::string& out) {
  out += fmt::format(
      "<section id=\"{0}\" aria-labelledby=\"{0}-title\">\n"
      "<h2 id=\"{0}-title\">{1}</h2>\n",
      section.id, escape_html(section.title));
}

constexpr std::string_view no_script =
    "<noscript><p class=\"aside\">This part is drawn by the page's own script, which is switched "
    "off.</p></noscript>\n";

void write_curves(const Section& section, std::string& out) {
  open_section(section, out);
  out += no_script;
  out +=
      "<div class=\"controls\" id=\"curve-controls\" hidden><label for=\"smoothing\">Smoothing"
      "</label><input type=\"range\" id=\"smoothing\" min=\"0\" max=\"99\" value=\"90\">"
      "<output id=\"smoothing-value\" for=\"smoothing\">0.90</output></div>\n"
      "<div class=\"charts\" id=\"charts\"></div>\n</section>\n";
}

void write_history(const Section& section, const RunReport& report, std::string& out) {
  const ValidationHistory& history = report.history;
  open_section(section, out);
  out +=
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"history-title\">\n"
      "<table class=\"history\">\n<thead><tr>";
  for (const std::string& column : history.columns) {
    out += fmt::format("<th scope=\"col\">{}</th>", escape_html(column));
  }
  out += "</tr></thead>\n<tbody>\n";
  for (std::size_t i = 0; i < history.rows.size(); ++i) {
    const auto& row = history.rows[i];
    check(row.size() == history.columns.size(),
          "report '{}': row {} of the validation history has {} cells for {} columns", report.title,
          i, row.size(), history.columns.size());
    const bool best = history.best_row == i;
    out += best ? "<tr class=\"best\">" : "<tr>";
    for (std::size_t j = 0; j < row.size(); ++j) {
      const std::string cell = escape_html(row[j]);
      out += j == 0 ? fmt::format("<th scope=\"row\">{}{}</th>", cell,
                                  best ? " <span class=\"badge\">best</span>" : "")
                    : fmt::format("<td>{}</td>", cell);
    }
    out += "</tr>\n";
  }
  out += "</tbody>\n</table>\n</div>\n</section>\n";
}

void write_counts(const Section& section, const CountTable& table, std::string& out) {
  check(table.counts.size() == table.rows.size(), "report: '{}' has {} rows, {} of them named",
        table.title, table.counts.size(), table.rows.size());
  open_section(section, out);
  out += fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"counts-title\">\n"
      "<table class=\"history counts\">\n<thead><tr><th scope=\"col\">{} ↓ {} →</th>",
      escape_html(table.row_name), escape_html(table.column_name));
  for (const std::string& column : table.columns) {
    out += fmt::format("<th scope=\"col\">{}</th>", escape_html(column));
  }
  out += "</tr></thead>\n<tbody>\n";
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    const auto& row = table.counts[i];
    check(row.size() == table.columns.size(), "report: row {} of '{}' has {} cells for {} columns",
          i, table.title, row.size(), table.columns.size());
    const auto sum =
        std::max<std::int64_t>(1, std::accumulate(row.begin(), row.end(), std::int64_t{0}));
    out += fmt::format("<tr><th scope=\"row\">{}</th>", escape_html(table.rows[i]));
    for (const std::int64_t count : row) {
      out += fmt::format("<td style=\"--share:{:.3f}\">{}</td>",
                         static_cast<double>(count) / static_cast<double>(sum), count);
    }
    out += "</tr>\n";
  }
  out += "</tbody>\n</table>\n</div>\n";
  if (!table.note.empty()) {
    out += fmt::format("<p class=\"aside\">{}</p>\n", escape_html(table.note));
  }
  out += "</section>\n";
}

std::string marked_text(const std::vector<TextPiece>& pieces, std::string_view mark_class) {
  std::string html;
  for (const TextPiece& piece : pieces) {
    html += piece.differs
                ? fmt::format("<mark class=\"{}\">{}</mark>", mark_class, escape_html(piece.text))
                : escape_html(piece.text);
  }
  return html;
}

void write_sample(const RunReport& report, const Sample& sample, std::string& out) {
  const WordDifference difference = compare_words(sample.expected, sample.given);
  const std::string target = text_attributes(report.target_language);
  out += "<li class=\"sample\">\n";
  const SampleWording& wording = report.sample_wording;
  out += fmt::format("<dl>\n<div><dt>{}</dt><dd{}>{}</dd></div>\n", escape_html(wording.input),
                     text_attributes(report.source_language), escape_html(sample.input));
  if (!sample.expected.empty()) {
    out += fmt::format("<div><dt>{}</dt><dd{}>{}</dd></div>\n", escape_html(wording.expected),
                       target, marked_text(difference.reference, "missed"));
  }
  out += fmt::format("<div class=\"output\"><dt>{}</dt><dd{}>{}</dd></div>\n",
                     escape_html(wording.given), target,
                     sample.expected.empty() ? escape_html(sample.given)
                                             : marked_text(difference.hypothesis, "other"));
  out += "</dl>\n";
  if (sample.score) {
    out += fmt::format("<p class=\"score\"><span>{}</span> <b>{:.1f}</b></p>\n",
                       escape_html(report.sample_wording.score), *sample.score);
  }
  out += "</li>\n";
}

void write_samples(const Section& section, const RunReport& report, std::string& out) {
  open_section(section, out);
  const SampleWording& wording = report.sample_wording;
  if (std::ranges::any_of(report.samples,
                          [](const Sample& sample) { return !sample.expected.empty(); })) {
    out += fmt::format(
        "<p class=\"aside\"><mark class=\"missed\">Underlined</mark> words under {0} are not under "
        "{1}; <mark class=\"other\">shaded</mark> words under {1} are not under {0}.</p>\n",
        escape_html(wording.expected), escape_html(wording.given));
  }
  out += "<ol class=\"samples\">\n";
  const std::size_t count = report.samples.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (i == samples_shown_at_once) {
      out += fmt::format(
          "</ol>\n<details><summary>{} more</summary>\n"
          "<ol class=\"samples\" start=\"{}\">\n",
          count - i, i + 1);
    }
    write_sample(report, report.samples[i], out);
  }
  out += count > samples_shown_at_once ? "</ol>\n</details>\n</section>\n" : "</ol>\n</section>\n";
}

void write_attention(const Section& section, const RunReport& report, std::string& out) {
  open_section(section, out);
  out += fmt::format(
      "<p class=\"aside\">Each row is a token that attends, each column a token attended to; the "
      "weights of a row sum to 1.{}{}</p>\n",
      report.attention_note.empty() ? "" : " ", escape_html(report.attention_note));
  out += no_script;
  out += "<div id=\"attention-view\"></div>\n</section>\n";
}

constexpr std::string_view summary_start = "<table class=\"summary\">\n<tbody>\n";

std::string summary_rows(const std::vector<SummaryRow>& rows) {
  std::string out;
  for (const SummaryRow& row : rows) {
    out += fmt::format("<tr><th scope=\"row\">{}</th><td dir=\"auto\">{}</td></tr>\n",
                       escape_html(row.name), escape_html(row.value));
  }
  return out;
}

void write_summary(const Section& section, const RunReport& report, std::string& out) {
  open_section(section, out);
  out += std::string(summary_start) + summary_rows(report.summary) + "</tbody>\n</table>\n";
  if (!report.recipe.empty()) {
    out += fmt::format(
        "<details><summary>Recipe</summary>\n<pre class=\"recipe\">{}</pre>\n"
        "</details>\n",
        escape_html(report.recipe));
  }
  out += "</section>\n";
}

void write_notes(const Section& section, const RunReport& report, std::string& out) {
  open_section(section, out);
  out += "<ul class=\"notes\">\n";
  for (const std::string& note : report.notes) {
    out += fmt::format("<li dir=\"auto\">{}</li>\n", escape_html(note));
  }
  out += "</ul>\n</section>\n";
}

// What with_results puts in stands between these. Texts cannot contain them: they are escaped.
constexpr std::string_view results_start = "<!--results-->", results_end = "<!--/results-->";

void remove_results(std::string& page) {
  for (std::size_t from = page.find(results_start); from != std::string::npos;
       from = page.find(results_start)) {
    const std::size_t end = page.find(results_end, from);
    if (end == std::string::npos) {
      return;
    }
    page.erase(from, end + results_end.size() - from);
  }
}

}  // namespace

std::string with_results(std::string page, const std::vector<SummaryRow>& rows) {
  remove_results(page);
  std::string headlines;
  for (const SummaryRow& row : rows) {
    headlines += row.headline ? headline_markup(row.name, row.value) : "";
  }
  const auto insert = [&](std::size_t at, const std::string& markup) {
    if (at != std::string::npos) {
      page.insert(at, std::string(results_start) + markup + std::string(results_end));
    }
  };
  const std::size_t summary = page.find(summary_start);
  insert(summary == std::string::npos ? summary : summary + summary_start.size(),
         summary_rows(rows));
  insert(page.find(headlines_end), headlines);
  return page;
}

std::string render_report(const RunReport& report) {
  const Section curves{"curves", "Curves", !report.curves.empty()};
  const Section history{"history", "Validation", !report.history.rows.empty()};
  const Section counts{"counts", report.counts ? std::string_view(report.counts->title) : "",
                       report.counts.has_value()};
  const Section samples{"samples", report.sample_wording.title, !report.samples.empty()};
  const bool any_weights =
      std::any_of(report.attention.begin(), report.attention.end(),
                  [](const AttentionMap& map) { return !map.weights.empty(); });
  const Section attention{"attention", "Attention", any_weights};
  const Section summary{"summary", "Run", !report.summary.empty()};
  const Section notes{"notes", "Notes", !report.notes.empty()};

  std::string out = start_of(report);
  write_navigation({curves, history, counts, samples, attention, summary, notes}, out);
  out += "<main>\n";
  if (curves.present) {
    write_curves(curves, out);
  }
  if (history.present) {
    write_history(history, report, out);
  }
  if (counts.present) {
    write_counts(counts, *report.counts, out);
  }
  if (samples.present) {
    write_samples(samples, report, out);
  }
  if (attention.present) {
    write_attention(attention, report, out);
  }
  if (summary.present) {
    write_summary(summary, report, out);
  }
  if (notes.present) {
    write_notes(notes, report, out);
  }
  out += "</main>\n";
  return out + page_end(report_data(report),
                        {page_assets::curve_math_js(), page_assets::curves_js(),
                         page_assets::attention_maps_js(), page_assets::attention_heat_map_js(),
                         page_assets::attention_lines_js(), page_assets::attention_js()});
}

}  // namespace heed
