// xPos (Sun et al., "A length-extrapolatable Transformer", 2022, section 3): rotary positions whose
// pairs also fade with distance. A query at position m is turned and multiplied by ζ_j^(m/B), a key
// at n by ζ_j^(-n/B), with ζ_j = (2j/d + 0.4) / 1.4 and B = decay_base: the product of pair j is
// that of rotary positions times ζ_j^((m-n)/B).
//
// Made for causal attention. In an encoder, keys that follow the query are amplified as much as
// those before it fade.
// Thread-safety: any thread may ask for the scheme.
#pragma once

#include "heed/nn/position/position_encoding.h"

namespace heed {

// The factors ζ_j^(1/decay_base) by which one position more multiplies pair j of a query.
std::vector<double> xpos_decays(std::int64_t pairs, double decay_base);

PositionScheme xpos_scheme();

}  // namespace heed
