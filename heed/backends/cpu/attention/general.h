// Attention for what tiles do not do (attention.cc): each query against all that it sees at a time,
// by AttentionRow over vector loops. So are steps over a cache with contextual positions.
#pragma once

#include "heed/kernels/attention.h"

namespace heed::cpu {

// The kernels of kernels/attention.h.
void general_attention_forward(ExecutionContext& context, const AttentionPlan& plan,
                               const AttentionForward& io);
void general_attention_backward(ExecutionContext& context, const AttentionPlan& plan,
                                const AttentionBackward& io);
void general_cached_attention(ExecutionContext& context, const CachedAttention& io);

}  // namespace heed::cpu
