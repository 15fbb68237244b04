// The additive score (Bahdanau, Cho & Bengio, "Neural machine translation by jointly learning to
// align and translate", 2015, section A.1.2): e_ij = v·tanh(W q_i + U k_j), one v per head. W and U
// are the projections of queries and keys.
// Thread-safety: any thread may ask for the kind.
#pragma once

#include "heed/nn/attention/attention_part.h"

namespace heed {

AttentionKind additive_kind();

}  // namespace heed
