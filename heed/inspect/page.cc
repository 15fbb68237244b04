#include "heed/inspect/page.h"

#include <fmt/format.h>

#include "heed/base/json.h"
#include "heed/inspect/html.h"
#include "heed/inspect/page_assets.h"

namespace heed {

namespace {

std::string theme_attribute(const std::optional<Theme>& theme) {
  return theme ? fmt::format(" data-theme=\"{}\"", *theme == Theme::dark ? "dark" : "light") : "";
}

}  // namespace

std::string headline_markup(std::string_view name, std::string_view value) {
  return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", escape_html(name), escape_html(value));
}

std::string page_start(const PageHead& head, std::initializer_list<std::string_view> styles) {
  const std::string title = escape_html(head.title);
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"en\"{}>\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"generator\" "
      "content=\"heed\">\n<link rel=\"icon\" href=\"data:,\">\n<title>{} · heed</title>\n<style>\n",
      theme_attribute(head.theme), title);
  out += page_assets::report_css();
  for (const std::string_view style : styles) {
    out += style;
  }
  out += fmt::format(
      "</style>\n</head>\n<body>\n<header class=\"banner\">\n<div class=\"brand\"><span>heed</span>"
      "<button type=\"button\" id=\"theme\" hidden>Theme: automatic</button></div>\n"
      "<h1 dir=\"auto\">{}</h1>\n",
      title);
  if (!head.subtitle.empty()) {
    out += fmt::format("<p class=\"subtitle\" dir=\"auto\">{}</p>\n", escape_html(head.subtitle));
  }
  if (!head.headlines.empty()) {
    out += "<dl class=\"headlines\">\n";
    for (const auto& [name, value] : head.headlines) {
      out += headline_markup(name, value);
    }
    out += "</dl>\n";
  }
  return out + "</header>\n";
}

std::string page_end(const Json& data, std::initializer_list<std::string_view> scripts) {
  std::string out =
      "<footer>Written by heed. This page needs no network.</footer>\n"
      "<script type=\"application/json\" id=\"report-data\">" +
      json_for_script(data) + "</script>\n<script>\n";
  out += page_assets::report_js();
  for (const std::string_view script : scripts) {
    out += script;
  }
  return out + "</script>\n</body>\n</html>\n";
}

}  // namespace heed
