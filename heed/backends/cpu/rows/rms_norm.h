// Root mean square normalisation, and the column sums that it shares with layer normalisation.
#pragma once

#include "heed/kernels/normalization.h"

namespace heed::cpu {

// Gradients of gains are summed within tiles of so many rows, then over the tiles in their order.
inline constexpr std::int64_t norm_tile_rows = 64;

// total[c] += Σ_tile sums[tile * stride + c], formed in float64 in the order of the tiles.
void add_tile_sums(const float* sums, std::int64_t tiles, std::int64_t stride, std::int64_t columns,
                   float* total);

void rms_norm_forward(ExecutionContext& context, ConstView x, ConstView gain, float epsilon, View y,
                      View rstd);
void rms_norm_backward(ExecutionContext& context, ConstView x, ConstView gain, ConstView rstd,
                       ConstView dy, View dx, View dgain);

}  // namespace heed::cpu
