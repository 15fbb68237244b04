// What Unicode says of characters, as tokenizers ask for it: looked up in a table, by ICU's data.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace heed {

// Bits of a class. A character may have several.
inline constexpr std::uint8_t letter_class = 1;        // \p{L}
inline constexpr std::uint8_t number_class = 2;        // \p{N}
inline constexpr std::uint8_t space_class = 4;         // \s: White_Space
inline constexpr std::uint8_t word_class = 8;          // \w of UTS 18
inline constexpr std::uint8_t mark_class = 16;         // \p{M}
inline constexpr std::uint8_t punctuation_class = 32;  // \p{P} and ASCII's other signs
inline constexpr std::uint8_t accent_class = 64;       // \p{Mn}
inline constexpr std::uint8_t other_class = 128;       // \p{Cc}, \p{Cf} or \p{Co}

class CharacterClasses {
 public:
  static const CharacterClasses& get();
  std::uint8_t of(char32_t c) const { return c < table_.size() ? table_[c] : look_up(c); }

 private:
  CharacterClasses();
  static std::uint8_t look_up(char32_t c);
  std::array<std::uint8_t, 0x10000> table_;
};

// The character at `position` of valid UTF-8, and the position behind it.
struct DecodedCharacter {
  char32_t value;
  std::size_t end;
};
inline DecodedCharacter character_at(std::string_view text, std::size_t position) {
  const auto byte = [&](std::size_t offset) -> char32_t {
    return static_cast<unsigned char>(text[position + offset]);
  };
  const char32_t first = byte(0);
  if (first < 0x80) {
    return {first, position + 1};
  }
  if (first < 0xE0) {
    return {(first & 0x1Fu) << 6 | (byte(1) & 0x3Fu), position + 2};
  }
  if (first < 0xF0) {
    return {(first & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu), position + 3};
  }
  return {
      (first & 0x07u) << 18 | (byte(1) & 0x3Fu) << 12 | (byte(2) & 0x3Fu) << 6 | (byte(3) & 0x3Fu),
      position + 4};
}

// Where the character before `position` begins; `position` is not 0.
inline std::size_t character_before(std::string_view text, std::size_t position) {
  do {
    --position;
  } while (position > 0 && (static_cast<unsigned char>(text[position]) & 0xC0u) == 0x80u);
  return position;
}

}  // namespace heed
