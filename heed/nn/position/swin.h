// Swin's relative biases (Liu et al., "Swin Transformer: hierarchical vision Transformer using
// shifted windows", 2021, equation 4): inside a window of M×M tokens, read row by row, the score of
// a pair has a learned bias per head for its offset, one of (2M-1)². Each layer has a table of its
// own. Every sequence is one window.
//
// Swin V2's (Liu et al., "Swin Transformer V2: scaling up capacity and resolution", 2022, equations
// 3-4) come from a small network on the offset, so that weights trained with one window serve
// another: the offsets (Δy, Δx), divided by M - 1 (of the trained window) and multiplied by 8,
// become sign(Δ)·log2(1 + |Δ|) / log2 8; then Linear(2, hidden), ReLU, Linear(hidden, heads)
// without bias, and 16·sigmoid.
// Thread-safety: any thread may ask for the scheme.
#pragma once

#include "heed/nn/position/position_encoding.h"

namespace heed {

// For query i and key j of a window, [M² · M²] row by row: (y_i - y_j + M-1)·(2M-1) + x_i - x_j +
// M-1.
std::vector<std::int32_t> swin_index(std::int64_t window);

// [(2M-1)², 2]: the log-spaced offsets in the order of swin_index(), for weights that were trained
// with windows of `trained_window`.
std::vector<double> swin2_offsets(std::int64_t window, std::int64_t trained_window);

PositionScheme swin_scheme();
PositionScheme swin2_scheme();

}  // namespace heed
