// The bilinear score (Luong et al., "Effective approaches to attention-based neural machine
// translation", 2015, "general"): e_ij = q_i W k_j, one W per head of the queries.
// Thread-safety: any thread may ask for the kind.
#pragma once

#include "heed/nn/attention/attention_part.h"

namespace heed {

AttentionKind bilinear_kind();

}  // namespace heed
