// T5's relative biases (Raffel et al., "Exploring the limits of transfer learning with a unified
// text-to-text Transformer", 2020, section 2.1): a learned bias per head for each bucket of
// distances, added to the scores; one table serves all layers of a stack.
//
// With B buckets for a side, the first E = B/2 hold one distance each; those beyond are as wide as
// their distance in logarithm: bucket(n) = E + floor(log(n/E) / log(max_distance/E) · (B - E)), at
// most B - 1. A stack that sees the future uses half of the buckets for keys that follow the query
// (from `buckets`/2 on); a causal one uses all for the past and gives the future bucket 0.
// Thread-safety: any thread may ask for the scheme.
#pragma once

#include "heed/nn/position/position_encoding.h"

namespace heed {

// The bucket of a distance = position of the key - position of the query.
std::int64_t t5_bucket(std::int64_t distance, bool two_sided, std::int64_t buckets,
                       std::int64_t max_distance);

PositionScheme t5_scheme();

}  // namespace heed
