// Blocks of `block` tokens that see themselves alone (Qiu et al., "Blockwise self-attention for
// long document understanding", 2020); and blocks that every other layer shifts by half a block, so
// that neighbours meet (Liu et al., "Swin Transformer", 2021, section 3.2, in one dimension).
// Thread-safety: any thread may ask for the kind.
#pragma once

#include "heed/nn/attention/attention_part.h"

namespace heed {

AttentionKind block_kind();
AttentionKind shifted_block_kind();

}  // namespace heed
