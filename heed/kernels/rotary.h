// Rotations of pairs of components by position (Su et al., "RoFormer", 2021).
#pragma once

#include "heed/kernels/kernel.h"

namespace heed {

// Which components of a head make a pair. With `pairs` pairs, pair j is
//   interleaved: components 2j and 2j+1;  halves: components j and j + pairs (as in LLaMA's
//   Transformers layout). Components from 2·pairs on are left alone.
enum class RotaryLayout : std::uint8_t { interleaved, halves };

// For each row r with position p = positions[r], each head and pair j, with c = cosines[p, j] and
// s = sines[p, j] (s negated if `inverse`):
//   (y1, y2) = (c·x1 - s·x2, s·x1 + c·x2)
// `inverse` gives the transposed map, which is also the gradient's.
//   x, y: [rows, heads · size], free row strides; y may be x. positions: int32 [rows]; cosines,
//   sines: [positions, pairs] of x's type, with pairs <= size / 2.
struct Rotation {
  ConstView x, positions, cosines, sines;
  int heads = 1;
  RotaryLayout layout = RotaryLayout::interleaved;
  bool inverse = false;
  View y;
};
inline KernelSlot<void(ExecutionContext&, const Rotation&)> rotate{"rotate"};

}  // namespace heed
