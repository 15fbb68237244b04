// Drawing the next token of rows.
#pragma once

#include <cstdint>
#include <span>

#include "heed/generation/search.h"
#include "heed/tensor/tensor.h"

namespace heed {

// A token to draw. Its random number depends on the seed, index, hypothesis and step alone.
struct Draw {
  std::int64_t row;  // of the logits
  std::int64_t index;
  std::int32_t hypothesis;
  std::int64_t step;  // tokens drawn before
  const DecodingConfig* config;
};

// Draws a token each from softmax(logits / temperature), restricted first to the top_k most
// probable tokens and then to the fewest of these that hold the share top_p (Holtzman et al., "The
// curious case of neural text degeneration", 2020); suppressed tokens never. The log-probability of
// a candidate is that of the model: of temperature 1 and without restrictions.
//   logits: [rows, vocabulary], float32 or float64
Candidates draw_candidates(const Tensor& logits, std::span<const Draw> draws,
                           std::span<const std::int32_t> suppressed);

}  // namespace heed
