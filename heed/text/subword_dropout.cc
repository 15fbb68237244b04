#include "heed/text/subword_dropout.h"

#include <limits>
#include <string>
#include <string_view>

#include "heed/base/error.h"

namespace heed {

namespace {

constexpr std::string_view word_mark = "\u2581";  // where SentencePiece had a space

// Each merge looks at the whole word: what is longer is no word, and is taken in parts.
constexpr std::size_t longest_word = 1024;  // characters

// The bytes of the UTF-8 character that starts with `lead`.
std::size_t character_length(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

}  // namespace

SubwordDropout::SubwordDropout(const Tokenizer& tokenizer) {
  const std::vector<float> scores = tokenizer.merge_scores();
  check_usage(!scores.empty(), "subword dropout needs a tokenizer of kind sentencepiece-bpe");
  std::unordered_map<std::string, std::int32_t> ids;
  for (std::int32_t id = 0; id < tokenizer.size(); ++id) {
    if (scores[static_cast<std::size_t>(id)] < std::numeric_limits<float>::infinity()) {
      ids.emplace(tokenizer.piece(id), id);
    }
  }
  for (std::int32_t id = 0; id < tokenizer.size(); ++id) {
    const std::string piece = tokenizer.piece(id);
    std::vector<std::int32_t> characters;
    if (ids.contains(piece)) {
      for (std::size_t at = 0; at < piece.size(); at += character_length(piece[at])) {
        const auto found = ids.find(piece.substr(at, character_length(piece[at])));
        if (found == ids.end()) {
          characters.clear();
          break;
        }
        characters.push_back(found->second);
        if (const auto left = ids.find(piece.substr(0, at)), right = ids.find(piece.substr(at));
            at > 0 && left != ids.end() && right != ids.end()) {
          merges_[pair_of(left->second, right->second)] = {id,
                                                           scores[static_cast<std::size_t>(id)]};
        }
      }
    }
    if (characters.empty()) {
      characters.push_back(id);
    }
    characters_.push_back(std::move(characters));
    begins_word_.push_back(piece.starts_with(word_mark));
  }
}

std::vector<std::int32_t> SubwordDropout::sample(std::span<const std::int32_t> ids, double rate,
                                                 Random& random) const {
  std::vector<std::int32_t> result, word;
  if (rate <= 0) {
    result.assign(ids.begin(), ids.end());
    return result;
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto id = static_cast<std::size_t>(ids[i]);
    word.insert(word.end(), characters_.at(id).begin(), characters_.at(id).end());
    if (i + 1 == ids.size() || begins_word_.at(static_cast<std::size_t>(ids[i + 1])) ||
        word.size() >= longest_word) {
      merge_word(word, rate, random);
      result.insert(result.end(), word.begin(), word.end());
      word.clear();
    }
  }
  return result;
}

void SubwordDropout::merge_word(std::vector<std::int32_t>& symbols, double rate,
                                Random& random) const {
  const auto threshold = static_cast<std::uint32_t>(rate * 4294967296.0);
  while (symbols.size() > 1) {
    const Merge* best = nullptr;
    std::size_t place = 0;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
      const auto found = merges_.find(pair_of(symbols[i], symbols[i + 1]));
      if (found != merges_.end() && (best == nullptr || found->second.score > best->score) &&
          random.next_u32() >= threshold) {
        best = &found->second;
        place = i;
      }
    }
    if (best == nullptr) {
      return;
    }
    symbols[place] = best->result;
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(place) + 1);
  }
}

}  // namespace heed
