// Attention over packed sequences.
//
// Thread-safety: as autograd/gradient.h says.
#pragma once

#include "heed/autograd/gradient.h"
#include "heed/kernels/attention.h"

namespace heed::ops {

// The learned operands beyond q, k and v, each differentiable.
using AttentionTerms = heed::AttentionTerms<Tensor>;

// The spans of the plan are copied: they need to live only during the call (row keys of dropout
// streams live until the backward pass).
//   q: [query rows, heads · size], k: [key rows, key_heads · size], v: [key rows, key_heads · value
//   size] → [query rows, heads · value size]. See AttentionPlan.
// `weights`, if given, receives the attention weights (see AttentionForward::weights).
Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionPlan& plan,
                 const AttentionTerms& terms = {}, Tensor* weights = nullptr);

}  // namespace heed::ops
