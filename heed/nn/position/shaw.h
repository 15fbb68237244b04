// Relative positions (Shaw et al., "Self-attention with relative position representations", 2018,
// equations 3-5): distances clipped to [-k, k] have a vector a^K that is added to the key inside
// the score and a vector a^V that is added to the value inside the output:
//   e_ij = q_i·(k_j + a^K_c) / sqrt(d),  z_i = Σ_j w_ij (v_j + a^V_c),  c = clip(j - i, -k, k).
// Beyond k all distances share the last vector, so lengths that were never seen work. Each layer
// has tables of its own, its heads share them or (per_head) have their own too.
// Thread-safety: any thread may ask for the scheme.
#pragma once

#include "heed/nn/position/position_encoding.h"

namespace heed {

// The row of the table for a query at i and a key at j: clip(j - i, -k, k) + k.
std::int64_t shaw_index(std::int64_t i, std::int64_t j, std::int64_t k);

PositionScheme shaw_scheme();

}  // namespace heed
