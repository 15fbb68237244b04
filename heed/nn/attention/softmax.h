// w_ij = exp(e_ij) / Σ_m exp(e_im): what AttentionPlan does unless told otherwise.
// Thread-safety: any thread may ask for the kind.
#pragma once

#include "heed/nn/attention/attention_part.h"

namespace heed {

AttentionKind softmax_kind();

}  // namespace heed
