// Rotations of pairs of components by position (Su et al., "RoFormer", 2021).
//
// Thread-safety: as kernels/kernel.h says.
#pragma once

#include "heed/kernels/kernel.h"
#include "heed/kernels/operands.h"

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

  void visit_views(auto&& visit) const { visit(x, positions, cosines, sines, y); }
};
inline KernelSlot<void(ExecutionContext&, const Rotation&)> rotate{"rotate"};

// What every backend checks first.
inline void check_rotation(const Rotation& p) {
  constexpr const char* name = "rotate";
  const std::int64_t rows = p.x.rows();
  const std::int64_t columns = p.x.columns();
  check(p.heads > 0 && columns % p.heads == 0 && 2 * p.cosines.columns() <= columns / p.heads,
        "{}: x of shape {} does not hold {} heads of {} pairs", name, p.x.shape, p.heads,
        p.cosines.columns());
  check_matrix(name, "y", p.y, rows, columns);
  check_matrix(name, "sines", p.sines, p.cosines.rows(), p.cosines.columns());
  check_vector(name, "positions", p.positions, rows);
  check_ids(name, p.positions.as<std::int32_t>(), rows, p.cosines.rows());
}

}  // namespace heed
