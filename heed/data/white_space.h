// White space in UTF-8, as Unicode's property White_Space has it, without decoding the text.
//
// Thread-safety: functions from any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace heed {

// The bytes of the white space that begins at `place`; 0: none does.
inline std::size_t white_space_at(std::string_view text, std::size_t place) {
  const auto byte = [&](std::size_t i) {
    return place + i < text.size() ? static_cast<unsigned char>(text[place + i]) : 0u;
  };
  const unsigned first = byte(0);
  if (first < 0x80) {
    return place < text.size() && (first == ' ' || (first >= '\t' && first <= '\r')) ? 1 : 0;
  }
  if (first == 0xC2) {
    return byte(1) == 0x85 || byte(1) == 0xA0 ? 2 : 0;  // next line, no-break space
  }
  if (first < 0xE1 || first > 0xE3) {
    return 0;
  }
  const unsigned second = byte(1), third = byte(2);
  const bool is_space =
      first == 0xE1   ? second == 0x9A && third == 0x80  // Ogham
      : first == 0xE3 ? second == 0x80 && third == 0x80  // ideographic
                      : (second == 0x80 && ((third >= 0x80 && third <= 0x8A) || third == 0xA8 ||
                                            third == 0xA9 || third == 0xAF)) ||
                            (second == 0x81 && third == 0x9F);
  return is_space ? 3 : 0;
}

// Whether a byte goes on with a character that began before it.
inline bool continues_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

// Where the character begins that ends before `place` > 0; of text that is no UTF-8 some place
// before it.
inline std::size_t character_before(std::string_view text, std::size_t place) {
  std::size_t begin = place - 1;
  while (begin > 0 && place - begin < 4 && continues_character(text[begin])) {
    --begin;
  }
  return begin;
}

}  // namespace heed
