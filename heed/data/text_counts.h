// How much text there is, in the units by which language models are measured.
//
// Thread-safety: functions from any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace heed {

// Words are what white space parts (Unicode's White_Space), as in the counts of WikiText. The end
// of a document counts as the line break that it stands for: one byte, one character, one line.
struct TextCounts {
  std::int64_t bytes = 0;
  std::int64_t characters = 0;
  std::int64_t words = 0;
  std::int64_t lines = 0;  // line breaks

  bool operator==(const TextCounts&) const = default;
  TextCounts& operator+=(const TextCounts& other) {
    bytes += other.bytes;
    characters += other.characters;
    words += other.words;
    lines += other.lines;
    return *this;
  }
};

inline constexpr TextCounts document_end_counts{.bytes = 1, .characters = 1, .lines = 1};

// Of valid UTF-8. `in_word`: whether the text goes on with a word that was counted already; then
// whether one reaches its end.
TextCounts count_text_units(std::string_view text, bool& in_word);

}  // namespace heed
