// Contextual positions (Golovneva et al., "Contextual position encoding: learning to count what's
// important", 2024, section 4): how far a key is away is counted in tokens that matter to the
// query.
//
// Gates g_ij = sigmoid(q_i·k_j / sqrt(d)) say what counts; the position of key j is the sum of the
// gates from j up to the last key that i sees, at most context_positions - 1. The score gains
// q_i·e[p], interpolated between the learned vectors e on both sides of the fraction p. Heads share
// the vectors, layers do not. See AttentionTerms::contextual.
// Thread-safety: any thread may ask for the scheme.
#pragma once

#include "heed/nn/position/position_encoding.h"

namespace heed {

PositionScheme cope_scheme();

}  // namespace heed
