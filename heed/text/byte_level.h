// What byte-level byte-pair encoding does before it merges, as GPT-2 defines it: text is cut into
// words, and each byte of a word is written as one character, so that every text can be spelled.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "heed/text/characters.h"

namespace heed {

// The character that stands for each byte in vocab.json and merges.txt: printable ones of Latin-1
// for themselves, the others, in order, by those from U+0100 on (a space is "Ġ").
const std::array<std::string, 256>& byte_characters();
// The bytes as such characters.
std::string spell_bytes(std::string_view bytes);
// The bytes that characters stand for; nothing when one stands for none.
std::optional<std::string> spelled_bytes(std::string_view text);

// Bytes as UTF-8 where they are not: each longest beginning of a character, and each byte that
// begins none, becomes U+FFFD, as the Unicode Standard recommends (section 3.9).
std::string replace_invalid_utf8(std::string bytes);

// Calls visit(begin, end) for the words of valid UTF-8, one behind the other, as this pattern finds
// them: 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
template <typename Visit>
void split_like_gpt2(std::string_view text, Visit&& visit);

namespace byte_level_detail {

// The size of 's, 't, 're, 've, 'm, 'll or 'd at the beginning of a text, 0 when it has none.
inline std::size_t contraction(std::string_view text) {
  if (text.size() < 2 || text[0] != '\'') {
    return 0;
  }
  const char a = text[1], b = text.size() > 2 ? text[2] : '\0';
  if (a == 's' || a == 't' || a == 'm' || a == 'd') {
    return 2;
  }
  return ((a == 'r' || a == 'v') && b == 'e') || (a == 'l' && b == 'l') ? 3 : 0;
}

}  // namespace byte_level_detail

template <typename Visit>
void split_like_gpt2(std::string_view text, Visit&& visit) {
  constexpr std::uint8_t kinds = letter_class | number_class | space_class;
  const CharacterClasses& classes = CharacterClasses::get();
  const auto kind_at = [&](std::size_t position, std::size_t& end) {
    const DecodedCharacter character = character_at(text, position);
    end = character.end;
    return static_cast<std::uint8_t>(classes.of(character.value) & kinds);
  };
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin;
    if (const std::size_t size = byte_level_detail::contraction(text.substr(begin))) {
      end = begin + size;
    } else {
      const std::size_t first = begin + (text[begin] == ' ' && begin + 1 < text.size() ? 1 : 0);
      std::size_t next = 0;
      if (const std::uint8_t kind = kind_at(first, end); kind != space_class) {
        while (end < text.size() && kind_at(end, next) == kind) {
          end = next;
        }
      } else {
        // All of a run of spaces but the last, which belongs to what follows.
        std::size_t last = begin;
        end = begin;
        while (end < text.size() && kind_at(end, next) == space_class) {
          last = end;
          end = next;
        }
        end = end < text.size() && last > begin ? last : end;
      }
    }
    visit(begin, end);
    begin = end;
  }
}

}  // namespace heed
