// ALiBi (Press et al., "Train short, test long: attention with linear biases enables input length
// extrapolation", 2022): the score of a pair at distance t loses m_h·|t|, nothing is learned.
//
// With n heads, a power of two, the slope of head h = 1 … n is m_h = 2^(-8h/n). Other n take the
// slopes of the next lower power of two p, then every other one of those of 2p. In a causal decoder
// t <= 0 is all there is; in an encoder the bias is the same on both sides.
// Thread-safety: any thread may ask for the scheme.
#pragma once

#include "heed/nn/position/position_encoding.h"

namespace heed {

std::vector<double> alibi_slopes(int heads);

PositionScheme alibi_scheme();

}  // namespace heed
