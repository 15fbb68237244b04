#include "heed/metrics/text_rules.h"

#include "heed/base/error.h"
#include "heed/base/unicode.h"

namespace heed {

bool is_white_space(char32_t character) {
  switch (character) {
    case U'\u0085':
    case U'\u00A0':
    case U'\u1680':
    case U'\u2028':
    case U'\u2029':
    case U'\u202F':
    case U'\u205F':
    case U'\u3000':
      return true;
    default:
      return (character >= 0x09 && character <= 0x0D) || (character >= 0x1C && character <= 0x20) ||
             (character >= 0x2000 && character <= 0x200A);
  }
}

std::u32string code_points(std::string_view line, bool lowercase) {
  std::vector<char32_t> decoded = decode_utf8(line);
  if (lowercase) {
    decoded = decode_utf8(to_lower(line));
  }
  return std::u32string(decoded.begin(), decoded.end());
}

std::vector<std::u32string_view> split_words(std::u32string_view line) {
  std::vector<std::u32string_view> words;
  for (std::size_t begin = 0; begin < line.size();) {
    if (is_white_space(line[begin])) {
      ++begin;
      continue;
    }
    std::size_t end = begin + 1;
    while (end < line.size() && !is_white_space(line[end])) {
      ++end;
    }
    words.push_back(line.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

std::u32string_view without_trailing_space(std::u32string_view line) {
  while (!line.empty() && is_white_space(line.back())) {
    line.remove_suffix(1);
  }
  return line;
}

std::string_view without_trailing_space(std::string_view line) {
  const std::u32string points = code_points(line, false);
  std::size_t kept = points.size();
  while (kept > 0 && is_white_space(points[kept - 1])) {
    line.remove_suffix(encode_utf8(points[--kept]).size());
  }
  return line;
}

}  // namespace heed
