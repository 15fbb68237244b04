#include "heed/text/characters.h"

#include <unicode/uchar.h>

namespace heed {

namespace {

// Hugging Face's `tokenizers` carries the punctuation, the accents and the format characters of
// Unicode 8; later characters are none to it.
bool in_unicode_8(UChar32 c) {
  UVersionInfo age;
  u_charAge(c, age);
  return age[0] > 0 && age[0] <= 8;
}

bool is_punctuation(UChar32 c, std::uint32_t category) {
  if (c < 0x80) {
    return c > 0x20 && c < 0x7F && u_isalnum(c) == 0;
  }
  // These two were punctuation then.
  return ((category & U_GC_P_MASK) != 0 && in_unicode_8(c)) || c == 0x166D || c == 0x111C9;
}

}  // namespace

const CharacterClasses& CharacterClasses::get() {
  static const CharacterClasses classes;
  return classes;
}

CharacterClasses::CharacterClasses() {
  for (std::size_t c = 0; c < table_.size(); ++c) {
    table_[c] = look_up(static_cast<char32_t>(c));
  }
}

std::uint8_t CharacterClasses::look_up(char32_t code_point) {
  const auto c = static_cast<UChar32>(code_point);
  const std::uint32_t category = U_GET_GC_MASK(c);
  const auto bit = [](bool condition, std::uint8_t value) {
    return condition ? value : std::uint8_t{0};
  };
  const bool word = u_hasBinaryProperty(c, UCHAR_ALPHABETIC) != 0 ||
                    (category & (U_GC_M_MASK | U_GC_ND_MASK | U_GC_PC_MASK)) != 0 ||
                    u_hasBinaryProperty(c, UCHAR_JOIN_CONTROL) != 0;
  const bool accent = (category & U_GC_MN_MASK) != 0 && in_unicode_8(c);
  const bool other = (category & (U_GC_CC_MASK | U_GC_CO_MASK)) != 0 ||
                     ((category & U_GC_CF_MASK) != 0 && in_unicode_8(c));
  return bit((category & U_GC_L_MASK) != 0, letter_class) |
         bit((category & U_GC_N_MASK) != 0, number_class) |
         bit(u_isUWhiteSpace(c) != 0, space_class) | bit(word, word_class) |
         bit((category & U_GC_M_MASK) != 0, mark_class) |
         bit(is_punctuation(c, category), punctuation_class) | bit(accent, accent_class) |
         bit(other, other_class);
}

}  // namespace heed
