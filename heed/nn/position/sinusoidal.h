// Sinusoidal positions (Vaswani et al., "Attention is all you need", 2017, section 3.5).
//
// With frequencies ω_j = 1 / 10000^(2j/d), j = 0 … ceil(d/2)-1, position i has sin(i·ω_j) and
// cos(i·ω_j): interleaved in columns 2j and 2j+1 as in the paper, or as halves [sin | cos] as in
// Marian models of Transformers (sin part ceil(d/2) wide when d is odd). Position i+δ is position i
// with every pair rotated by δ·ω_j.
//
// In two dimensions (Dosovitskiy et al., "An image is worth 16×16 words", 2021, appendix D.4; He et
// al., "Masked autoencoders are scalable vision learners", 2022) the first half of the columns
// encodes the row of the grid and the second half its column, each as above with d/2 columns.
// Thread-safety: any thread may ask for the scheme.
#pragma once

#include "heed/nn/position/position_encoding.h"

namespace heed {

enum class PairLayout : std::uint8_t { halves, interleaved };
// Errors (usage) name the key position.layout.
PairLayout pair_layout(const std::string& name);

// The table [length, size], computed in float64; float64 on the reference device, else float32.
Tensor sinusoidal_table(std::int64_t length, std::int64_t size, PairLayout layout, Device device);

// The table [length, size] of a grid with that many columns, read row by row; size is a multiple
// of 4.
Tensor sinusoidal_grid(std::int64_t length, std::int64_t columns, std::int64_t size,
                       PairLayout layout, Device device);

PositionScheme sinusoidal_scheme();
PositionScheme sinusoidal2d_scheme();

}  // namespace heed
