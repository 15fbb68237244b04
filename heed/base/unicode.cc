#include "heed/base/unicode.h"

#include <unicode/locid.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <numeric>

#include "heed/base/error.h"

namespace heed {

namespace {

// Length of the valid sequence at `position`, 0 when it is invalid; the code point goes to `value`.
std::size_t sequence_length(std::string_view text, std::size_t position, char32_t& value) {
  const auto byte = [&](std::size_t offset) -> std::uint32_t {
    return position + offset < text.size() ? static_cast<unsigned char>(text[position + offset])
                                           : 0;
  };
  const auto continues = [&](std::size_t offset) { return (byte(offset) & 0xC0u) == 0x80u; };
  const std::uint32_t first = byte(0);
  if (first < 0x80) {
    value = first;
    return 1;
  }
  if (first >= 0xC2 && first <= 0xDF && continues(1)) {
    value = (first & 0x1Fu) << 6 | (byte(1) & 0x3Fu);
    return 2;
  }
  if ((first & 0xF0u) == 0xE0 && continues(1) && continues(2)) {
    value = (first & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu);
    return value >= 0x800 && (value < 0xD800 || value > 0xDFFF) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4 && continues(1) && continues(2) && continues(3)) {
    value = (first & 0x07u) << 18 | (byte(1) & 0x3Fu) << 12 | (byte(2) & 0x3Fu) << 6 |
            (byte(3) & 0x3Fu);
    return value >= 0x10000 && value <= 0x10FFFF ? 4 : 0;
  }
  return 0;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  constexpr std::uint64_t not_ascii = 0x8080808080808080u;
  char32_t value = 0;
  for (std::size_t position = 0; position < text.size();) {
    // Most text is ASCII, eight characters of which are seen at once.
    std::uint64_t word = not_ascii;
    if (text.size() - position >= sizeof word) {
      std::memcpy(&word, text.data() + position, sizeof word);
    }
    if ((word & not_ascii) == 0) {
      position += sizeof word;
      continue;
    }
    const std::size_t length = sequence_length(text, position, value);
    if (length == 0) {
      return position;
    }
    position += length;
  }
  return std::nullopt;
}

std::string escape_invalid_utf8(std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  std::string result;
  char32_t value = 0;
  for (std::size_t position = 0; position < text.size();) {
    const std::size_t length = sequence_length(text, position, value);
    if (length > 0) {
      result += text.substr(position, length);
      position += length;
    } else {
      const auto byte = static_cast<unsigned char>(text[position++]);
      result += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return result;
}

std::vector<char32_t> decode_utf8(std::string_view text) {
  std::vector<char32_t> result;
  result.reserve(text.size());
  char32_t value = 0;
  for (std::size_t position = 0; position < text.size();) {
    const std::size_t length = sequence_length(text, position, value);
    check_data(length != 0, "invalid UTF-8 at byte {}", position);
    result.push_back(value);
    position += length;
  }
  return result;
}

std::string encode_utf8(char32_t code_point) {
  const auto c = static_cast<std::uint32_t>(code_point);
  const auto tail = [](std::uint32_t bits) { return static_cast<char>(0x80u | (bits & 0x3Fu)); };
  if (c < 0x80) {
    return {static_cast<char>(c)};
  }
  if (c < 0x800) {
    return {static_cast<char>(0xC0u | c >> 6), tail(c)};
  }
  if (c < 0x10000) {
    return {static_cast<char>(0xE0u | c >> 12), tail(c >> 6), tail(c)};
  }
  return {static_cast<char>(0xF0u | c >> 18), tail(c >> 12), tail(c >> 6), tail(c)};
}

std::string to_lower(std::string_view text) {
  icu::UnicodeString string = icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
  string.toLower(icu::Locale::getRoot());
  std::string result;
  string.toUTF8String(result);
  return result;
}

std::optional<std::string> nearest_name(std::string_view name,
                                        const std::vector<std::string>& candidates) {
  constexpr std::size_t longest_name = 200;  // bytes; what is longer is no typo
  std::optional<std::string> best;
  if (name.size() > longest_name) {
    return best;
  }
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const bool begun = candidate.starts_with(name) && candidate.size() <= 2 * name.size();
    const std::size_t distance = begun ? 1 : edit_distance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace heed
