// Words and punctuation marks as tokens.
//
// Thread-safety: functions from any thread; a tokenizer may be shared, a counter belongs to one
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "heed/text/tokenizer.h"
#include "heed/text/vocabulary.h"

namespace heed {

// Cuts a line of valid UTF-8 into words: runs of letters, marks and digits, with the apostrophes,
// hyphens and (between digits) points and commas inside them; an ideograph or kana by itself, since
// those scripts do not part words; any other character that is not white space by itself.
std::vector<std::string> split_words(std::string_view line);

// What white space parts.
std::vector<std::string> split_at_white_space(std::string_view line);

// What the words of a line are.
struct WordRules {
  bool lowercase = false;
  bool at_white_space = false;  // else as split_words has them

  std::vector<std::string> words(std::string_view line) const;
  bool operator==(const WordRules&) const = default;
};

// Puts words back together: a space between words, none before closing punctuation, after opening
// punctuation, inside straight quotation marks, or between ideographs.
std::string join_words(const std::vector<std::string>& words);

// Counts the words of a corpus, line by line.
class WordCounter {
 public:
  explicit WordCounter(const WordRules& rules) : rules_(rules) {}
  void add(std::string_view line);
  // The words that occur at least `minimum_frequency` times, the frequent first and equals in byte
  // order; at most `limit` of them, 0 for all.
  std::vector<std::string> frequent(int minimum_frequency, std::size_t limit) const;
  // How many words were longer than Vocabulary::piece_limit, and so not counted.
  std::int64_t too_long() const { return too_long_; }

 private:
  WordRules rules_;
  std::unordered_map<std::string, std::int64_t> counts_;
  std::int64_t too_long_ = 0;
};

class WordTokenizer : public Tokenizer {
 public:
  WordTokenizer(Vocabulary vocabulary, const WordRules& rules);

  std::vector<int> encode(std::string_view line) const override;
  std::string decode(std::span<const int> ids) const override;
  std::string piece(int id) const override { return vocabulary_.piece(id); }
  int size() const override { return vocabulary_.size(); }
  int end_id() const override { return vocabulary_.end_id(); }
  int unknown_id() const override { return vocabulary_.unknown_id(); }
  int pad_id() const override { return vocabulary_.pad_id(); }
  // source.vocab.json or target.vocab.json: {"lowercase": …, "pieces": ["</s>", "<unk>", …]}, and
  // "white_space": true for words that it parts.
  ModelFiles files(Side side) const override;
  std::string kind() const override { return "word"; }
  std::string tokenizer_class() const override { return class_name; }
  std::uint64_t fingerprint() const override;

  static constexpr const char* class_name = "HeedWordTokenizer";

 private:
  Vocabulary vocabulary_;
  WordRules rules_;
};

}  // namespace heed
