// Heads that mix their scores before the softmax and their weights after it (Shazeer et al.,
// "Talking-heads attention", 2020): e'_h = Σ_g L_hg e_g,  w'_h = Σ_g W_hg softmax(e')_g.
// Thread-safety: any thread may ask for the kind.
#pragma once

#include "heed/nn/attention/attention_part.h"

namespace heed {

AttentionKind talking_heads_kind();

}  // namespace heed
