// Layer normalisation with what surrounds it: the residual sum and its dropout.
//
// Thread-safety: as kernels/kernel.h says.
#pragma once

#include "heed/kernels/dropout.h"
#include "heed/kernels/kernel.h"

namespace heed {

// sum = x + dropout(branch); y = (sum - mean) / sqrt(var + epsilon) ⊙ gain + bias, mean and biased
// variance over the columns of each row (Ba et al., "Layer normalization", 2016).
//   x, branch, sum, y: [rows, d]; gain, bias: [d]; mean, rstd: [rows] (rstd = 1/sqrt(var +
//   epsilon))
// On a device that converts, `sum` may be bfloat16: it is rounded as it is stored, y is not.
// branch undefined: sum = x, and `sum` need not be defined. `sum` may be x, branch or y.
// mean and rstd undefined: they are not stored.
// y undefined: only the sum is formed (gain, bias, mean, rstd are then not read or written).
struct ResidualNormForward {
  ConstView x{}, branch{}, gain{}, bias{};
  View sum{}, y{}, mean{}, rstd{};
  float epsilon = 1e-5f;
  DropoutStream dropout{};

  void visit_views(auto&& visit) const { visit(x, branch, gain, bias, sum, y, mean, rstd); }
};
inline KernelSlot<void(ExecutionContext&, const ResidualNormForward&)> residual_norm_forward{
    "residual_norm_forward"};

// From dy, the gradient of y:
//   dsum = rstd ⊙ (dy ⊙ gain - mean_columns(dy ⊙ gain) - xhat ⊙ mean_columns(dy ⊙ gain ⊙ xhat)),
//   xhat = (sum - mean) ⊙ rstd;   dgain += Σ_rows dy ⊙ xhat;   dbias += Σ_rows dy.
// `dsum` receives the gradient of x; `dbranch`, if defined, dropout's mask·scale ⊙ dsum.
// accumulate_x: add to what dsum holds instead of replacing it (dbranch is always replaced, and
// computed from this call's own dsum, not from the accumulated one). dsum may be dy. Column sums
// run in a fixed order whatever the number of threads.
// On a device that converts, `sum` may be bfloat16.
struct ResidualNormBackward {
  ConstView sum{}, gain{}, mean{}, rstd{}, dy{};
  View dsum{}, dbranch{}, dgain{}, dbias{};
  bool accumulate_x = false;
  DropoutStream dropout{};

  void visit_views(auto&& visit) const {
    visit(sum, gain, mean, rstd, dy, dsum, dbranch, dgain, dbias);
  }
};
inline KernelSlot<void(ExecutionContext&, const ResidualNormBackward&)> residual_norm_backward{
    "residual_norm_backward"};

// y = x · rsqrt(mean(x²) + epsilon) ⊙ gain over the columns of each row (Zhang & Sennrich, "Root
// mean square layer normalization", 2019); rstd: [rows].
inline KernelSlot<void(ExecutionContext&, ConstView x, ConstView gain, float epsilon, View y,
                       View rstd)>
    rms_norm_forward{"rms_norm_forward"};
// dgain accumulates, dx is replaced.
inline KernelSlot<void(ExecutionContext&, ConstView x, ConstView gain, ConstView rstd, ConstView dy,
                       View dx, View dgain)>
    rms_norm_backward{"rms_norm_backward"};

}  // namespace heed
