// YAML, as recipes are written in.
#pragma once

#include <string>
#include <string_view>

#include "heed/base/json_forward.h"

namespace heed {

// Parses a YAML document into JSON: maps, lists, and scalars by the YAML 1.2 core schema (so `no`
// is the Norwegian language code, not false). Refused with `source` and line: duplicate keys,
// octal-looking integers (010), anchors' merge keys, tags, a second document, more than 20,000 keys
// and values, nesting deeper than 64, aliases that make the document longer than its text.
Json parse_yaml(std::string_view text, const std::string& source);

// The document that parse_yaml() reads back as `json` (an object of values, lists of them, and
// sections), one key a line.
std::string write_yaml(const Json& json);

// Checks that a text from a command line can stand in YAML and JSON, which are UTF-8. Error (usage)
// begins with `what`.
void check_text(std::string_view text, const std::string& what);

// Applies `a.b.c=value` to `json`, the value read as YAML; nothing after the sign is the empty
// text. Errors (usage) say what is wrong.
void apply_override(Json& json, std::string_view assignment);

}  // namespace heed
