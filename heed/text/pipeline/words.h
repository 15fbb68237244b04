// The words of a text between two steps of a tokenizer. They are views: of the text, or of what a
// step has written anew, which is kept here.
//
// Belongs to one thread at a time.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "heed/text/tokenizer.h"

namespace heed {

struct Word {
  std::string_view text;     // not empty
  bool begins_text = false;  // nothing of the whole text stands before it
  // Of each byte, where it stands in the text that was given; null: nobody asks.
  const TokenSpan* places = nullptr;
};

// The places of a word that was rewritten as `text`: bytes that stay, spaces that became another
// character, bytes that are spelled as characters; what was put before it has none of its own.
std::vector<TokenSpan> places_of_rewritten(const Word& word, std::string_view text);

class WordList {
 public:
  explicit WordList(Word text) : words_{text} {}

  const std::vector<Word>& words() const { return words_; }

  // Replaces each word by those for which split(text, keep) calls keep(begin, end). Empty ones are
  // left out.
  template <typename Split>
  void split(Split&& split) {
    std::vector<Word> result;
    for (const Word& word : words_) {
      split(word.text, [&](std::size_t begin, std::size_t end) {
        if (begin < end) {
          result.push_back({word.text.substr(begin, end - begin), word.begins_text && begin == 0,
                            word.places == nullptr ? nullptr : word.places + begin});
        }
      });
    }
    words_ = std::move(result);
  }

  // Replaces each word by rewrite(word), a string.
  template <typename Rewrite>
  void rewrite(Rewrite&& rewrite) {
    for (Word& word : words_) {
      texts_.push_back(rewrite(std::as_const(word)));
      if (word.places != nullptr) {
        places_.push_back(places_of_rewritten(word, texts_.back()));
        word.places = places_.back().data();
      }
      word.text = texts_.back();
    }
  }

 private:
  std::vector<Word> words_;
  std::deque<std::string> texts_;
  std::deque<std::vector<TokenSpan>> places_;
};

}  // namespace heed
