// Rotations of queries and keys by their positions.
//
// Thread-safety: as autograd/gradient.h says.
#pragma once

#include "heed/autograd/gradient.h"
#include "heed/kernels/rotary.h"

namespace heed::ops {

// Turns each pair of each head by the angle of its row's position (see Rotation).
//   x: [rows, heads · size]; positions: int32 [rows]; cosines, sines: [positions, pairs], constants
//   → [rows, heads · size].
// The map is linear in x, so the gradient is its transpose: the rotation back.
Tensor rotate(const Tensor& x, const Tensor& positions, const Tensor& cosines, const Tensor& sines,
              int heads, RotaryLayout layout);

}  // namespace heed::ops
