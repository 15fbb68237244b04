// Muon (Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024): the
// momentum of a matrix with its singular values brought to about 1, so that a step moves all
// directions alike. For a matrix [rows, columns] with gradient g, momentum m, learning rate r:
//
//   m = momentum · m + (1 - momentum) · g;  u = (1 - momentum) · g + momentum · m   (Nesterov)
//   w = w - r · decay · w - r · sqrt(max(1, rows / columns)) · orthogonalized(u)
//
// Matrices of linear maps that lie in one parameter (q, k and v; gate and up) are taken one by one.
// What is no such matrix (embeddings, the output layer, gains, biases) is AdamW's.
//
// Thread-safety: functions may be called from any thread.
#pragma once

#include "heed/kernels/matmul.h"
#include "heed/tensor/tensor.h"

namespace heed {

// x [rows, columns] with singular values near 1 instead of its own (between 0.7 and 1.2 for those
// above some hundredths of the norm): x / |x|, then five times
//   A = x·xᵀ;  x = (3.4445·I - 4.7750·A + 2.0315·A²)·x
// (a Newton–Schulz iteration, its quintic chosen for steepness at 0), from the side on which A is
// the smaller. Products are formed in `precision`. Zeros stay zeros; NaN becomes NaN throughout.
Tensor orthogonalized(const Tensor& x, MatmulPrecision precision);

}  // namespace heed
