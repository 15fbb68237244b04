// The dot product q·k (Luong et al., "Effective approaches to attention-based neural machine
// translation", 2015, "dot"), and the scaled one q·k / sqrt(size), whose variance does not grow
// with the size of a head (Vaswani et al., "Attention is all you need", 2017, equation 1).
// Thread-safety: any thread may ask for the kind.
#pragma once

#include "heed/nn/attention/attention_part.h"

namespace heed {

AttentionKind dot_kind();
AttentionKind scaled_dot_kind();

}  // namespace heed
