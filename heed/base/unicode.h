// UTF-8, strictly: what comes from outside is validated before ICU or SentencePiece sees it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heed {

// The byte offset of the first invalid UTF-8 sequence (overlong forms, surrogates, code points past
// U+10FFFF, truncation), or nothing when all is valid.
std::optional<std::size_t> find_invalid_utf8(std::string_view text);

// The text with each byte that is no part of valid UTF-8 shown as "\\xff": a file may have any
// name, and what is printed, or stands in JSON, is text.
std::string escape_invalid_utf8(std::string_view text);

// Decodes valid UTF-8; throws bad_data on invalid input.
std::vector<char32_t> decode_utf8(std::string_view text);
std::string encode_utf8(char32_t code_point);

// Full Unicode lower-casing, independent of locale (ICU).
std::string to_lower(std::string_view text);

// The most similar of `candidates` by edit distance, if it is near enough to be a plausible typo,
// or one whose first half at least the name is.
std::optional<std::string> nearest_name(std::string_view name,
                                        const std::vector<std::string>& candidates);

}  // namespace heed
