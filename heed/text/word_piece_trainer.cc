#include "heed/text/word_piece_trainer.h"

#include <algorithm>
#include <set>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/base/unicode.h"
#include "heed/text/byte_pair_trainer.h"
#include "heed/text/characters.h"
#include "heed/text/pipeline/words.h"

namespace heed {

namespace {

std::vector<std::string> characters_of(std::string_view word) {
  std::vector<std::string> characters;
  for (std::size_t begin = 0; begin < word.size();) {
    const std::size_t end = character_at(word, begin).end;
    characters.emplace_back(word.substr(begin, end - begin));
    begin = end;
  }
  return characters;
}

// The most frequent characters, of equals those that come first.
std::set<std::string> alphabet_of(const std::map<std::string, std::int64_t, std::less<>>& words) {
  std::map<std::string, std::int64_t> counts;
  for (const auto& [word, count] : words) {
    for (const std::string& character : characters_of(word)) {
      counts[character] += count;
    }
  }
  std::vector<std::pair<std::int64_t, std::string>> order;
  for (const auto& [character, count] : counts) {
    order.emplace_back(-count, character);
  }
  std::ranges::sort(order);
  order.resize(std::min(order.size(), WordPieceTrainer::most_characters));
  std::set<std::string> alphabet;
  for (const auto& [count, character] : order) {
    alphabet.insert(character);
  }
  return alphabet;
}

// A piece that goes on loses its prefix where it is joined to what it goes on with.
std::string join(const std::string& left, const std::string& right) {
  constexpr std::string_view prefix = WordPieceTrainer::prefix;
  return left + (right.starts_with(prefix) ? right.substr(prefix.size()) : right);
}

}  // namespace

WordPieceTrainer::WordPieceTrainer(bool lowercase)
    : normalize_(
          make_normalizer({{"type", "BertNormalizer"}, {"lowercase", lowercase}}, "WordPiece")),
      split_(make_pre_tokenizer({{"type", "BertPreTokenizer"}}, false, "WordPiece")) {}

void WordPieceTrainer::add(std::string_view text) {
  const auto invalid = find_invalid_utf8(text);
  check_data(!invalid, "tokenizer: invalid UTF-8 at byte {} of the text", invalid.value_or(0));
  const std::string normalized = normalize_(text);
  WordList words({.text = normalized, .begins_text = true});
  split_(words);
  for (const Word& word : words.words()) {
    const auto found = counts_.find(word.text);
    if (found != counts_.end()) {
      ++found->second;
    } else {
      counts_.emplace(word.text, 1);
    }
  }
}

std::vector<std::string> WordPieceTrainer::learn(std::span<const std::string> special_pieces,
                                                 int size, std::int64_t minimum_frequency) const {
  std::vector<std::string> pieces(special_pieces.begin(), special_pieces.end());
  std::map<std::string, int> ids;
  const auto add = [&](const std::string& piece) {
    if (ids.emplace(piece, static_cast<int>(pieces.size())).second) {
      pieces.push_back(piece);
    }
  };
  const std::set<std::string> alphabet = alphabet_of(counts_);
  std::ranges::for_each(alphabet, add);
  std::set<std::string> going_on;
  for (const auto& [word, count] : counts_) {
    const std::vector<std::string> characters = characters_of(word);
    for (std::size_t i = 1; i < characters.size(); ++i) {
      if (alphabet.contains(characters[i])) {
        going_on.insert(prefix + characters[i]);
      }
    }
  }
  std::ranges::for_each(going_on, add);
  std::vector<CountedWord> words;
  for (const auto& [word, count] : counts_) {
    CountedWord& counted = words.emplace_back(CountedWord{.symbols = {}, .count = count});
    const std::vector<std::string> characters = characters_of(word);
    for (std::size_t i = 0; i < characters.size(); ++i) {
      if (alphabet.contains(characters[i])) {  // what is unknown is left out, as there
        counted.symbols.push_back(ids.at((i > 0 ? prefix : "") + characters[i]));
      }
    }
  }
  merge_pairs(words, pieces, size, minimum_frequency, join);
  return pieces;
}

}  // namespace heed
