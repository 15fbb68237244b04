// How a tokenizer rewrites a text before it cuts it into words.
//
// Thread-safety: functions from any thread; a Normalizer is const once made.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "heed/base/json_forward.h"

namespace heed {

// Valid UTF-8 to valid UTF-8. An empty function changes nothing.
using Normalizer = std::function<std::string(std::string_view text)>;

// The section `normalizer` of tokenizer.json; null is an empty function. Errors (bad_data) name
// `source` and the type that is not known, or the key.
Normalizer make_normalizer(const Json& json, const std::string& source);

// Parts of it: NFC, NFD, NFKC or NFKD; one by one the characters in lower case; without characters
// of a class.
std::string normalize_unicode(std::string_view text, const std::string& form);
std::string lower_characters(std::string_view text);
std::string without_class(std::string_view text, unsigned character_class);

// The types that take more than a line.
Normalizer bert_normalizer(const Json& json, const std::string& source);
Normalizer precompiled_normalizer(const Json& json, const std::string& source);

}  // namespace heed
