// The scaled cosine (Liu et al., "Swin Transformer V2", 2022, section 3.2):
//   e_ij = τ · q_i·k_j / (|q_i| |k_j|),  τ = exp(min(log 10 + s, log 100)),
// s learned per head of the queries, 0 at first.
// Thread-safety: any thread may ask for the kind.
#pragma once

#include "heed/nn/attention/attention_part.h"

namespace heed {

AttentionKind cosine_kind();

}  // namespace heed
