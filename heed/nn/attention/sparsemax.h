// The Euclidean projection of the scores onto the simplex, which gives exact zeros (Martins &
// Astudillo, "From softmax to sparsemax", 2016, equation 2).
// Thread-safety: any thread may ask for the kind.
#pragma once

#include "heed/nn/attention/attention_part.h"

namespace heed {

AttentionKind sparsemax_kind();

}  // namespace heed
