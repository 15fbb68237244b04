// JSON, with members in the order in which they were written. Not for public headers: whoever uses
// the library need not have nlohmann/json, and compiling it costs a second in every source.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "heed/base/json_forward.h"

namespace heed {

// Parses JSON from outside strictly: duplicate keys and nesting deeper than 64 are refused.
// Errors (bad_data) name `source`.
Json parse_json(std::string_view text, const std::string& source);

}  // namespace heed
