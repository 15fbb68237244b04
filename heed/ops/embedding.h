// Token embeddings.
//
// Thread-safety: as autograd/gradient.h says.
#pragma once

#include "heed/autograd/gradient.h"
#include "heed/kernels/embedding.h"

namespace heed::ops {

// dropout(scale · table[ids] + positions[position_ids]).
//   ids, position_ids: int32 [rows]; table: [vocabulary, d]; positions: [length, d], or undefined →
//   [rows, d]. Rows of `ids` equal to `padding_id` read the table but give it no gradient (-1:
//   none).
Tensor embed(const Tensor& ids, const Tensor& table, float scale, const Tensor& position_ids,
             const Tensor& positions, const DropoutStream& stream = {},
             std::int32_t padding_id = -1);

}  // namespace heed::ops
