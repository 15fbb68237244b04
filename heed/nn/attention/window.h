// A window that slides: token i sees those at most `window` away (Beltagy et al., "Longformer: the
// long-document Transformer", 2020, section 3.1); and a dilated one, which sees every dilation-th
// token up to window · dilation away.
// Thread-safety: any thread may ask for the kind.
#pragma once

#include "heed/nn/attention/attention_part.h"

namespace heed {

AttentionKind window_kind();
AttentionKind dilated_kind();

}  // namespace heed
