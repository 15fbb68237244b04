// Tokens that are found in a text before it is cut into words: special ones, and others that a
// vocabulary was extended by.
//
// Thread-safety: const once made; threads may share one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "heed/text/pipeline/normalizers.h"
#include "heed/text/pipeline/piece_trie.h"

namespace heed {

struct AddedToken {
  int id = 0;
  std::string content;
  bool single_word = false;  // not inside a word
  bool left_strip = false;   // takes the white space before it along
  bool right_strip = false;
  bool normalized = false;  // is looked for in the normalized text
  bool special = false;
};

// The section `added_tokens` of tokenizer.json, and back. Errors (bad_data) name `source`.
std::vector<AddedToken> read_added_tokens(const Json& json, const std::string& source);
std::string added_tokens_json(const std::vector<AddedToken>& tokens);

class AddedTokenFinder {
 public:
  struct Part {
    std::size_t begin = 0;
    std::size_t end = 0;
    int id = -1;  // of a token; -1: text
  };

  AddedTokenFinder() = default;
  // Looks for `tokens`; each is spelled as `normalize` leaves it, if there is one.
  AddedTokenFinder(std::vector<AddedToken> tokens, const Normalizer& normalize);

  // The text cut at tokens, the longest at each place. Special ones are passed over unless asked
  // for: their text stays text.
  std::vector<Part> split(std::string_view text, bool with_special) const;

 private:
  bool accepts(const AddedToken& token, std::string_view text, std::size_t begin,
               std::size_t end) const;

  std::vector<AddedToken> tokens_;
  PieceTrie trie_;  // to indices into tokens_
};

}  // namespace heed
