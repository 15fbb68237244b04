// Queries and keys are divided by their root mean square over the components of a head, times a
// learned gain that heads share (Henry et al., "Query-key normalization for Transformers", 2020,
// and Dehghani et al., "Scaling vision Transformers to 22 billion parameters", 2023, section 2.1,
// with the norm of Zhang & Sennrich, 2019): scores stay bounded however the projections grow.
// Thread-safety: any thread may ask for the kind.
#pragma once

#include "heed/nn/attention/attention_part.h"

namespace heed {

AttentionKind qk_norm_kind();

}  // namespace heed
