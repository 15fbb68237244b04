// For tests: what a page holds.
#pragma once

#include <string>

#include "heed/base/json.h"

namespace heed {

// The data that a page's script reads.
inline Json data_of(const std::string& page) {
  const std::string begin = "id=\"report-data\">";
  const std::size_t from = page.find(begin) + begin.size();
  return parse_json(page.substr(from, page.find("</script>", from) - from), "page");
}

}  // namespace heed
