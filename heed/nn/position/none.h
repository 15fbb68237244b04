// No positions: the model sees a bag of tokens (or, in a causal decoder, learns order from what
// each token can see: Haviv et al., "Transformer language models without positional encodings still
// learn positional information", 2022).
// Thread-safety: any thread may ask for the scheme.
#pragma once

#include "heed/nn/position/position_encoding.h"

namespace heed {

PositionScheme none_scheme();

}  // namespace heed
