#include "heed/text/byte_level.h"

#include "heed/base/unicode.h"

namespace heed {

namespace {

constexpr char32_t last_byte_character = 0x143;

bool stands_for_itself(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

std::array<int, last_byte_character + 1> bytes_by_character() {
  std::array<int, last_byte_character + 1> bytes;
  bytes.fill(-1);
  for (std::size_t byte = 0; byte < 256; ++byte) {
    bytes[character_at(byte_characters()[byte], 0).value] = static_cast<int>(byte);
  }
  return bytes;
}

// The size of the longest part, at the beginning of a text that is not valid there, that could
// begin a character; at least 1.
std::size_t invalid_size(std::string_view text) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const unsigned first = byte(0), second = byte(1);
  const std::size_t size = first >= 0xF0 && first <= 0xF4   ? 4
                           : first >= 0xE0 && first <= 0xEF ? 3
                                                            : 1;
  const unsigned lowest = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned highest = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (size == 1 || second < lowest || second > highest) {
    return 1;
  }
  return size == 4 && (byte(2) & 0xC0u) == 0x80u ? 3 : 2;
}

}  // namespace

const std::array<std::string, 256>& byte_characters() {
  static const std::array<std::string, 256> characters = [] {
    std::array<std::string, 256> result;
    char32_t next = 0x100;
    for (unsigned byte = 0; byte < 256; ++byte) {
      result[byte] = encode_utf8(stands_for_itself(byte) ? char32_t{byte} : next++);
    }
    return result;
  }();
  return characters;
}

std::string spell_bytes(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    text += byte_characters()[static_cast<unsigned char>(byte)];
  }
  return text;
}

std::optional<std::string> spelled_bytes(std::string_view text) {
  static const auto bytes = bytes_by_character();
  std::string result;
  for (std::size_t position = 0; position < text.size();) {
    const DecodedCharacter character = character_at(text, position);
    if (character.value > last_byte_character || bytes[character.value] < 0) {
      return std::nullopt;
    }
    result += static_cast<char>(bytes[character.value]);
    position = character.end;
  }
  return result;
}

std::string replace_invalid_utf8(std::string bytes) {
  std::string_view rest = bytes;
  auto invalid = find_invalid_utf8(rest);
  if (!invalid) {
    return bytes;
  }
  std::string text;
  while (invalid) {
    text.append(rest.substr(0, *invalid)).append("\xEF\xBF\xBD");
    rest.remove_prefix(*invalid + invalid_size(rest.substr(*invalid)));
    invalid = find_invalid_utf8(rest);
  }
  return text.append(rest);
}

}  // namespace heed
