// Learns WordPieces from a corpus, as Hugging Face's WordPieceTrainer does: pieces of words, those
// that go on with a word marked by ##, by merging the pair of neighbours that occurs most often.
// (Google's own trainer, of BERT, was never published.) Which of pairs that occur equally often
// comes first is open there, as it depends on the order of a hash table; here it is the one whose
// ids are the lowest, pieces that go on coming in the order of their characters.
//
//   WordPieceTrainer trainer(true);
//   for (…) trainer.add(text);
//   std::vector<std::string> pieces = trainer.learn(specials, 8000, 2);
//
// Belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "heed/text/pipeline/normalizers.h"
#include "heed/text/pipeline/pre_tokenizers.h"

namespace heed {

class WordPieceTrainer {
 public:
  static constexpr const char* prefix = "##";
  static constexpr std::size_t most_characters = 1000;  // the most frequent; others are unknown

  // `lowercase`: and without accents, as BERT's uncased models have it.
  explicit WordPieceTrainer(bool lowercase);

  // Counts the words of a text. Error (bad_data): invalid UTF-8.
  void add(std::string_view text);

  // The special pieces, the characters, those that go on, then what merges made; ends at `size`, or
  // before a pair that occurs less than `minimum_frequency` times.
  std::vector<std::string> learn(std::span<const std::string> special_pieces, int size,
                                 std::int64_t minimum_frequency) const;

 private:
  Normalizer normalize_;
  PreTokenizer split_;
  std::map<std::string, std::int64_t, std::less<>> counts_;  // of words, in their order
};

}  // namespace heed
