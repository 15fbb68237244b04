// Drawing the next token of every row.
#pragma once

#include <cstdint>
#include <span>

#include "heed/generation/search.h"

namespace heed {

// Names a row for the random numbers, which depend on nothing else (and on the seed).
struct DrawKey {
  std::int64_t sentence;
  std::int32_t hypothesis;
};

// Draws one token a row from softmax(logits / temperature), restricted first to the top_k most
// probable tokens and then to the fewest of these that hold the share top_p (Holtzman et al., "The
// curious case of neural text degeneration", 2020); suppressed tokens never. The log-probability of
// a candidate is that of the model: of temperature 1 and without restrictions.
//   logits: [keys.size(), vocabulary], float32 or float64; step: tokens drawn before for each row
Candidates draw_candidates(const Tensor& logits, std::span<const DrawKey> keys, std::int64_t step,
                           std::span<const std::int32_t> suppressed, const DecodingConfig& config);

}  // namespace heed
