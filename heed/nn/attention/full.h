// Every token sees every other one, or in a causal stack all up to itself.
// Thread-safety: any thread may ask for the kind.
#pragma once

#include "heed/nn/attention/attention_part.h"

namespace heed {

AttentionKind full_kind();

}  // namespace heed
