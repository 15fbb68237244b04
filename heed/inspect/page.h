// What every page of heed begins and ends with.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "heed/base/json_forward.h"
#include "heed/inspect/colour_scale.h"

namespace heed {

struct PageHead {
  std::string title;
  std::string subtitle;                                             // may be empty
  std::vector<std::pair<std::string, std::string>> headlines = {};  // names and values, shown large
  std::optional<Theme> theme = {};  // the page begins with; not given: what the reader prefers
};

// A name and its value, as they stand among the headlines; what ends these on a page.
std::string headline_markup(std::string_view name, std::string_view value);
inline constexpr std::string_view headlines_end = "</dl>\n</header>";

// The document from its beginning to the end of the banner, styled by report.css and `styles`. The
// page may fetch nothing: its content security policy says so.
std::string page_start(const PageHead& head, std::initializer_list<std::string_view> styles = {});

// The footer, the data (heed.data of report.js) and the scripts (report.js goes first by itself),
// and the end of the document.
std::string page_end(const Json& data, std::initializer_list<std::string_view> scripts);

}  // namespace heed
