#include "heed/data/text_counts.h"

#include "heed/data/white_space.h"

namespace heed {

TextCounts count_text_units(std::string_view text, bool& in_word) {
  TextCounts counts{.bytes = static_cast<std::int64_t>(text.size())};
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte > ' ' && byte < 0x80) {
      counts.words += in_word ? 0 : 1;
      in_word = true;
      ++counts.characters;
      ++i;
      continue;
    }
    if (const std::size_t space = white_space_at(text, i); space > 0) {
      counts.lines += byte == '\n' ? 1 : 0;
      in_word = false;
      ++counts.characters;
      i += space;
      continue;
    }
    counts.words += in_word ? 0 : 1;
    in_word = true;
    counts.characters += continues_character(text[i]) ? 0 : 1;
    ++i;
  }
  return counts;
}

}  // namespace heed
