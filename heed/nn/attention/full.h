// Every token sees every other one, or in a causal stack all up to itself.
#pragma once

#include "heed/nn/attention/attention_part.h"

namespace heed {

AttentionKind full_kind();

}  // namespace heed
