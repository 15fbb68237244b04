// Drawing the next token of rows.
#pragma once

#include <cstdint>
#include <span>

#include "heed/generation/search.h"
#include "heed/generation/token_rules.h"
#include "heed/tensor/tensor.h"

namespace heed {

// A token to choose. Its random number depends on the seed, index, hypothesis and step alone.
struct Draw {
  std::int64_t row;  // of the logits
  std::int64_t index;
  std::int32_t hypothesis;
  std::int64_t step;  // tokens drawn before
  const DecodingConfig* config;
  const TokenRules* rules = nullptr;  // null: none
};

// Draws a token each from softmax(logits / temperature), restricted first to the top_k most
// probable tokens, then to the fewest of these that hold the share top_p (Holtzman et al., "The
// curious case of neural text degeneration", 2020) and to those that are min_p times as probable as
// the most probable one (Nguyen et al., "Turning up the heat", 2024); suppressed and banned tokens
// never. Repeated tokens are penalized in their logits, before the temperature. The log-probability
// of a candidate is that of the model: of temperature 1, without rules and restrictions.
//   logits: [rows, vocabulary], float32 or float64
Candidates draw_candidates(const Tensor& logits, std::span<const Draw> draws,
                           std::span<const std::int32_t> suppressed);

// The most probable tokens, as best_candidates() gives them, of rows that have rules: one for a
// search of a single path, twice the beam for others. Penalties act as in Transformers: on the
// logits of a single path, whose candidates keep the model's log-probability, and on the
// log-probabilities of a beam, whose sums order it.
Candidates ruled_candidates(const Tensor& logits, std::span<const Draw> draws,
                            std::span<const std::int32_t> suppressed);

}  // namespace heed
