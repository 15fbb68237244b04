// JSON, with members in the order in which they were written. Not for public headers: whoever uses
// the library need not have nlohmann/json, and compiling it costs a second in every source.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "heed/base/json_forward.h"

namespace heed {

// How deep outside documents, JSON or YAML, may nest.
inline constexpr int nesting_limit = 64;

// What JSON says of a number: null stands for one that is not finite, which JSON cannot write, and
// reads as NaN.
double number_or_nan(const Json& json);

// Parses JSON from outside strictly: duplicate keys and nesting deeper than nesting_limit are
// refused. Errors (bad_data) name `source`.
Json parse_json(std::string_view text, const std::string& source);

}  // namespace heed
