#include "heed/inspect/heads_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "heed/base/json.h"
#include "heed/inspect/html.h"
#include "heed/inspect/page.h"
#include "heed/inspect/page_assets.h"

namespace heed {
namespace {

double largest_worth(const HeadsPage& page) {
  double largest = 0;
  for (const HeadRow& row : page.rows) {
    largest = std::max(largest, std::abs(row.worth));
  }
  return largest > 0 ? largest : 1;
}

// What the style sheet needs to colour a head.
std::string shade(const HeadRow& row, double largest) {
  return fmt::format("class=\"{}{}\" style=\"--share:{:.1f}%\"",
                     row.worth < 0 ? "harmful" : "useful", row.pruned ? " pruned" : "",
                     100 * std::abs(row.worth) / largest);
}

// With its sign, but for what rounds to 0.
std::string signed_number(double value, int decimals) {
  const std::string digits = fmt::format("{:+.{}f}", value, decimals);
  return digits.find_first_not_of("+-0.") == std::string::npos ? digits.substr(1) : digits;
}

void write_grid(const HeadsPage& page, const std::string& kind, std::string& out) {
  int layers = 0, heads = 0;
  for (const HeadRow& row : page.rows) {
    if (row.kind == kind) {
      layers = std::max(layers, row.layer);
      heads = std::max(heads, row.head);
    }
  }
  std::vector<const HeadRow*> places(static_cast<std::size_t>(layers * heads), nullptr);
  for (const HeadRow& row : page.rows) {
    if (row.kind == kind) {
      places[static_cast<std::size_t>((row.layer - 1) * heads + row.head - 1)] = &row;
    }
  }
  out += fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\">\n"
      "<table class=\"worth-grid\"><caption>{0}</caption><thead><tr><td></td>",
      escape_html(kind));
  for (int head = 1; head <= heads; ++head) {
    out += fmt::format("<th scope=\"col\">{}</th>", head);
  }
  out += "</tr></thead>\n<tbody>";
  const double largest = largest_worth(page);
  for (int layer = 1; layer <= layers; ++layer) {
    out += fmt::format("<tr><th scope=\"row\">layer {}</th>", layer);
    for (int head = 1; head <= heads; ++head) {
      const HeadRow* row = places[static_cast<std::size_t>((layer - 1) * heads + head - 1)];
      out += row == nullptr ? "<td></td>"
                            : fmt::format("<td {}>{}</td>", shade(*row, largest),
                                          signed_number(row->worth, 3));
    }
    out += "</tr>\n";
  }
  out += "</tbody></table>\n</div>\n";
}

void write_table(const HeadsPage& page, std::string& out) {
  const double largest = largest_worth(page);
  const bool looks = std::any_of(page.rows.begin(), page.rows.end(),
                                 [](const HeadRow& row) { return !row.looks.empty(); });
  out += fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"table-title\">\n"
      "<table class=\"worth\"><thead><tr><th scope=\"col\">Without</th><th scope=\"col\">Layer</th>"
      "<th scope=\"col\">Head</th><th scope=\"col\">{}</th><th scope=\"col\">Worse by</th>"
      "{}<td></td></tr></thead>\n<tbody>\n",
      escape_html(page.score_name), looks ? "<th scope=\"col\" class=\"looks\">Looks at</th>" : "");
  for (const HeadRow& row : page.rows) {
    out += fmt::format(
        "<tr><td>{}</td><td>{}</td><td>{}{}</td><td>{:.4f}</td><td>{}</td>{}<td "
        "class=\"bar\"><span {}></span></td></tr>\n",
        escape_html(row.kind), row.layer, row.head,
        row.pruned ? " <span class=\"badge\">pruned</span>" : "", row.score,
        signed_number(row.worth, 4),
        looks ? fmt::format("<td class=\"looks\">{}</td>", escape_html(row.looks)) : "",
        shade(row, largest));
  }
  out += "</tbody></table>\n</div>\n";
}

}  // namespace

std::string render_heads_page(const HeadsPage& page) {
  std::string out =
      page_start({page.title, page.subtitle, page.headlines}, {page_assets::heads_css()});
  out += fmt::format(
      "<main>\n<section id=\"grid\" aria-labelledby=\"grid-title\">\n<h2 id=\"grid-title\">Layers "
      "and "
      "heads</h2>\n<p class=\"aside\">How much worse the {} gets, in {}, when one head is switched "
      "off "
      "and all others stay. Below 0 it gets better.</p>\n<div class=\"grids\">\n",
      escape_html(page.score_name), escape_html(page.unit));
  for (const std::string& kind : page.kinds) {
    write_grid(page, kind, out);
  }
  out +=
      "</div>\n</section>\n<section id=\"table\" aria-labelledby=\"table-title\">\n"
      "<h2 id=\"table-title\">From the least to the most useful</h2>\n";
  write_table(page, out);
  out += "</section>\n</main>\n";
  return out + page_end(Json::object(), {});
}

}  // namespace heed
