// What goes into a model: the tokens of a batch, packed (see Sequences).
// Thread-safety: plain data.
#pragma once

#include "heed/nn/sequences.h"

namespace heed {

// What a model does not take stays undefined.
struct Inputs {
  Tensor ids;       // int32 [tokens]
  Tensor segments;  // int32 [tokens]: which part of a sequence each belongs to
  Tensor pixels;    // instead of ids: float32, as the model says
  Sequences rows;
};

}  // namespace heed
