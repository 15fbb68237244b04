// The most probable next tokens of every row.
#pragma once

#include <cstdint>
#include <span>

#include "heed/generation/search.h"
#include "heed/tensor/tensor.h"

namespace heed {

// The `count` most probable tokens of each row that are not suppressed, best first; fewer when
// the vocabulary is smaller. Suppressed tokens keep their share of the probability, so that a
// log-probability here is the one that the model gives when it is asked to score the text.
//   logits: [rows, vocabulary]
Candidates best_candidates(const Tensor& logits, std::int64_t count,
                           std::span<const std::int32_t> suppressed);

}  // namespace heed
