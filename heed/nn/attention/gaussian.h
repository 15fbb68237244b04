// A Gaussian kernel, which makes attention the Nadaraya-Watson estimate (Nadaraya, "On estimating
// regression", 1964; Watson, "Smooth regression analysis", 1964):
//   e_ij = -|q_i - k_j|² / (2 σ²).
// σ is fixed (attention.width), or learned per head of the keys: σ = size^(1/4) · exp(-s), s = 0 at
// first, where the scores have the scale of a scaled dot product.
// Thread-safety: any thread may ask for the kind.
#pragma once

#include "heed/nn/attention/attention_part.h"

namespace heed {

AttentionKind gaussian_kind();

}  // namespace heed
