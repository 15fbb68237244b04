// How the rows of queries and keys lie for rotary positions.
//
// Thread-safety: may be called from any thread.
#pragma once

#include "heed/tensor/tensor.h"

namespace heed {

// [heads · head_size, in] with the two components of a pair side by side (Meta's LLaMA, llama2.c,
// GGUF) → with the first components of all pairs of a head before the second ones (Transformers).
// Of the same type, in memory of its own. Errors (bad_data): no matrix of whole heads, an odd head
// size.
Tensor rows_in_halves(const Tensor& interleaved, std::int64_t head_size);

}  // namespace heed
