// The value of the best key alone, as in hard attention (Xu et al., "Show, attend and tell", 2015),
// trained with the gradient of a softmax.
//   hard:   1 at the largest score; the gradient is that of softmax(e / temperature), straight
//           through (Bengio et al., "Estimating or propagating gradients through stochastic
//           neurons", 2013)
//   gumbel: while training the largest of e + noise, which draws key j with probability
//           softmax(e)_j; the gradient is that of softmax((e + noise) / temperature) (Jang et al.,
//           "Categorical reparameterization with Gumbel-softmax", 2017). Else as hard.
// Thread-safety: any thread may ask for the kind.
#pragma once

#include "heed/nn/attention/attention_part.h"

namespace heed {

AttentionKind hard_kind();
AttentionKind gumbel_kind();

}  // namespace heed
