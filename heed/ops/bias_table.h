// Learned biases that many places share.
//
// Thread-safety: as autograd/gradient.h says.
#pragma once

#include "heed/autograd/gradient.h"

namespace heed::ops {

// Spreads the rows of a table over places: result[c, i] = table[ids[i], c].
//   table: [n, heads]; ids: int32 [places] → `shape`, which holds heads times as many elements as
//   there are places: [heads, places] or [heads, …].
// The gradient of a row of the table is the sum over the places that read it.
Tensor spread_biases(const Tensor& table, const Tensor& ids, const Shape& shape);

}  // namespace heed::ops
