// A language model that sees all of a prefix from everywhere (Raffel et al., "Exploring the limits
// of transfer learning", 2020, section 3.2.1): token i sees the tokens up to i and the first
// Sequences::prefixes[s] tokens of its sequence.
// Thread-safety: any thread may ask for the kind.
#pragma once

#include "heed/nn/attention/attention_part.h"

namespace heed {

AttentionKind prefix_kind();

}  // namespace heed
