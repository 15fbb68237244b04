// Learns the merges of byte-level byte-pair encoding from a corpus: the pair of neighbours that
// occurs most often becomes a piece, again and again (Sennrich et al., "Neural machine translation
// of rare words with subword units", 2016). Pieces, ids and the order of merges are those of
// Hugging Face's `tokenizers` on the same corpus: of pairs that occur equally often the one whose
// ids are the lowest comes first.
//
//   BytePairTrainer trainer;
//   for (…) trainer.add(text);
//   LearnedPairs learned = trainer.learn({"<|endoftext|>"}, 8000, 2);
//
// Belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace heed {

struct LearnedPairs {
  // The special pieces, the 256 bytes in the order of their characters, then what merges made.
  std::vector<std::string> pieces;
  std::vector<std::string> merges;  // "Ġ t"
};

// A word as ids of pieces, and how often it occurs.
struct CountedWord {
  std::vector<int> symbols;
  std::int64_t count = 0;
};

// Merges pairs of neighbours as above, adding what they become to `pieces`, until there are `size`
// or no pair occurs `minimum_frequency` times. `join`: how a pair is spelled. Returns the pairs, by
// their ids.
std::vector<std::pair<int, int>> merge_pairs(
    std::span<const CountedWord> words, std::vector<std::string>& pieces, int size,
    std::int64_t minimum_frequency,
    const std::function<std::string(const std::string& left, const std::string& right)>& join);

class BytePairTrainer {
 public:
  // Counts the words of a text, as GPT-2 cuts them. Error (bad_data): invalid UTF-8.
  void add(std::string_view text);

  // Ends at `size` pieces, or before a pair that occurs less than `minimum_frequency` times.
  LearnedPairs learn(std::span<const std::string> special_pieces, int size,
                     std::int64_t minimum_frequency) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>> counts_;
};

}  // namespace heed
