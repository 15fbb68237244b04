// The text rules that sacreBLEU takes from Python: what is white space, how a line falls into
// words, how it is lower-cased. Scores agree with sacreBLEU to the last digit because these do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace heed {

// White space as Python's str.split() and str.rstrip() know it: the Unicode separators, the ASCII
// controls \t to \r and U+001C to U+001F, and U+0085.
bool is_white_space(char32_t character);

// The code points of a line, lower-cased by the full Unicode rules (final sigma, dotted I) if
// asked. Errors (bad_data): invalid UTF-8.
std::u32string code_points(std::string_view line, bool lowercase);

// The maximal runs without white space. The views point into `line`.
std::vector<std::u32string_view> split_words(std::u32string_view line);

// `line` without the white space at its end.
std::u32string_view without_trailing_space(std::u32string_view line);

// The same for UTF-8. Errors (bad_data): invalid UTF-8.
std::string_view without_trailing_space(std::string_view line);

}  // namespace heed
