// What goes into a model: the tokens of a batch, packed (see Sequences).
// Thread-safety: plain data.
#pragma once

#include <cstdint>
#include <span>

#include "heed/nn/sequences.h"

namespace heed {

// What a model does not take stays undefined.
struct Inputs {
  Tensor ids;       // int32 [tokens]
  Tensor segments;  // int32 [tokens]: which part of a sequence each belongs to
  Tensor pixels;    // instead of ids: float32, as the model says
  Sequences rows;
};

// int32 [ids]
inline Tensor id_tensor(std::span<const std::int32_t> ids) {
  return Tensor::from_values<std::int32_t>(ids, {static_cast<std::int64_t>(ids.size())});
}

}  // namespace heed
