// Scores bent by cap · tanh(e / cap), biases of positions included (Gemma Team, "Gemma 2", 2024,
// section 2).
// Thread-safety: any thread may ask for the kind.
#pragma once

#include "heed/nn/attention/attention_part.h"

namespace heed {

AttentionKind soft_cap_kind();

}  // namespace heed
