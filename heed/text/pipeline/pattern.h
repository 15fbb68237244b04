// What a step of a tokenizer looks for: a text, or a regular expression.
//
// Thread-safety: const once made; threads may share one.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "heed/base/json_forward.h"

namespace heed {

struct TextSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool matches = false;
};

// Parts of a text that match, and those between them: all of it, in order.
using SpanFinder = std::function<std::vector<TextSpan>(std::string_view text)>;

// `json` is {"String": "…"} or {"Regex": "…"}; expressions are ICU's, which reads those of
// Oniguruma that tokenizers use. Errors (bad_data) name `source`: another form, an expression that
// ICU refuses; and when it is used, one that takes too long.
SpanFinder pattern_finder(const Json& json, const std::string& source);

// The text with `content` for each part that matches. Error (bad_data), naming `source`: more than
// replaced_size_limit bytes, which a few steps of a malicious file can ask for.
std::string replace_matches(std::string_view text, const SpanFinder& find, std::string_view content,
                            const std::string& source);
inline constexpr std::size_t replaced_size_limit = std::size_t{1} << 28;

// The characters of some class (characters.h), each for itself.
SpanFinder class_finder(unsigned classes);

// What becomes of the parts that match, as tokenizer.json names it.
enum class SplitBehavior { removed, isolated, merged_with_previous, merged_with_next, contiguous };
SplitBehavior split_behavior(const std::string& name, const std::string& source);

// The parts that remain, with `matches` meaning nothing any more. Parts may be empty.
std::vector<TextSpan> apply_behavior(const std::vector<TextSpan>& spans, SplitBehavior behavior);

}  // namespace heed
