// Attention over packed sequences.
#pragma once

#include "heed/autograd/gradient.h"
#include "heed/kernels/attention.h"

namespace heed::ops {

// The offsets are copied: the plan's spans need to live only during the call.
//   q: [query rows, heads · size], k: [key rows, key_heads · size], v: [key rows, key_heads · value
//   size] → [query rows, heads · value size]. See AttentionPlan.
// `weights`, if given, receives the attention weights (see AttentionForward::weights).
Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionPlan& plan,
                 Tensor* weights = nullptr);

}  // namespace heed::ops
