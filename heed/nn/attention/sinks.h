// A learned score s per head in the sum of the softmax, w_ij = exp(e_ij) / (exp(s) + Σ_m
// exp(e_im)): a head may attend to nothing (Xiao et al., "Efficient streaming language models with
// attention sinks", 2024, section 3.3; learned as in OpenAI, "gpt-oss model card", 2025).
// Thread-safety: any thread may ask for the kind.
#pragma once

#include "heed/nn/attention/attention_part.h"

namespace heed {

AttentionKind sinks_kind();

}  // namespace heed
