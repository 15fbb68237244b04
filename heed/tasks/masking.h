// Which tokens of a text an encoder is to guess, and what stands in their place (Devlin et al.,
// "BERT", 2019, section 3.1). Drawn anew in each epoch, by (seed, epoch, example, position) alone.
//
// Thread-safety: plain data; const members from any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "heed/text/tokenizer.h"

namespace heed {

struct MaskingConfig {
  double mask_share = 0.15;
  double masked = 0.8;
  double replaced = 0.1;
  bool whole_words = false;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("mask_share", mask_share, "share of a text's tokens that are to be guessed");
    visit("masked", masked, "of those: share that the mask token stands for");
    visit("replaced", replaced,
          "of those: share that another token stands for, drawn from the vocabulary; the rest stay "
          "as they are");
    visit("whole_words", whole_words,
          "all pieces of a word are to be guessed, or none: pieces that go on begin with ##, or "
          "with no space");
  }
};

// Errors (usage) name the key.
void check_masking_config(const MaskingConfig& config);

class Masking {
 public:
  // Errors (usage): a tokenizer without a mask token.
  Masking(const MaskingConfig& config, const Tokenizer& tokenizer, std::uint64_t seed);

  // Where `ids`, a framed text, is to be guessed: positions in ascending order, as many as the
  // share says and one at least; none where all tokens are special. What stands there is replaced.
  std::vector<std::int32_t> apply(std::span<std::int32_t> ids, std::int64_t example,
                                  std::int64_t epoch) const;

  // Whether a token is never masked: those around texts, padding, the mask itself.
  bool is_special(std::int32_t id) const { return special_[static_cast<std::size_t>(id)]; }

 private:
  MaskingConfig config_;
  std::uint64_t seed_;
  std::int32_t mask_;
  std::vector<bool> special_, goes_on_;  // by id
  std::vector<std::int32_t> ordinary_;   // those that may stand for others
};

}  // namespace heed
