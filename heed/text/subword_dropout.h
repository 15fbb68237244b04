// Sampled segmentations of text into subwords, so that a model sees a sentence cut in another way
// each epoch: BPE-dropout (Provilkov et al., "BPE-Dropout: simple and effective subword
// regularization", 2020). Each time that two neighbours may be merged, the merge is left out with
// some probability.
//
// Thread-safety: const once made; threads may share one, each with a Random of its own.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "heed/base/random.h"
#include "heed/text/tokenizer.h"

namespace heed {

class SubwordDropout {
 public:
  // Learns the merges of a SentencePiece BPE model. Error (usage): a tokenizer of another kind.
  explicit SubwordDropout(const Tokenizer& tokenizer);

  // A segmentation of the text that `ids` (as encode() gives them) spell, with merges left out with
  // probability `rate`, in [0, 1). With rate 0 the ids themselves.
  std::vector<std::int32_t> sample(std::span<const std::int32_t> ids, double rate,
                                   Random& random) const;

 private:
  struct Merge {
    std::int32_t result;
    float score;  // the highest is done first
  };
  static std::uint64_t pair_of(std::int32_t left, std::int32_t right) {
    return std::uint64_t{static_cast<std::uint32_t>(left)} << 32 |
           static_cast<std::uint32_t>(right);
  }
  void merge_word(std::vector<std::int32_t>& symbols, double rate, Random& random) const;

  std::unordered_map<std::uint64_t, Merge> merges_;
  std::vector<std::vector<std::int32_t>> characters_;  // of each piece; of special ones itself
  std::vector<bool> begins_word_;
};

}  // namespace heed
