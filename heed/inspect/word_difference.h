// Which words of a translation are not in its reference, and the other way round.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace heed {

struct TextPiece {
  std::string text;
  bool differs = false;
};

struct WordDifference {
  std::vector<TextPiece> reference;  // joined, the pieces give printable_text of the input
  std::vector<TextPiece> hypothesis;
};

// Splits text into words, punctuation marks and runs of white space; scripts written without spaces
// (Chinese, Japanese, Thai …) into characters. Joined, the units give the text.
std::vector<std::string> split_units(std::string_view text);

// Marks the units outside a longest common subsequence of the two texts (Wagner and Fischer, 1974).
// Neighbouring pieces of one kind are joined. Texts of more than `limit` units are compared by
// their common beginning and end alone, so that time and memory stay bounded.
WordDifference compare_words(std::string_view reference, std::string_view hypothesis,
                             std::size_t limit = 1000);

}  // namespace heed
