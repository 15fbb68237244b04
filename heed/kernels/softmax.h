// Softmax over rows, and the losses on top of it.
#pragma once

#include "heed/kernels/kernel.h"
#include "heed/kernels/matmul.h"

namespace heed {

// y[r, :] = softmax(x[r, :]) or its logarithm, with the row's maximum subtracted first. NaN passes
// through; a row of only -inf gives zeros (softmax) or -inf (log_softmax). y may be x.
inline KernelSlot<void(ExecutionContext&, ConstView x, View y)> softmax_forward{"softmax_forward"};
inline KernelSlot<void(ExecutionContext&, ConstView x, View y)> log_softmax_forward{
    "log_softmax_forward"};
// dx = y ⊙ (dy - Σ_columns dy ⊙ y).
inline KernelSlot<void(ExecutionContext&, ConstView y, ConstView dy, View dx)> softmax_backward{
    "softmax_backward"};

// Cross-entropy with label smoothing ε against class t of V (Szegedy et al., 2016; the smoothed
// target gives (1 - ε) to t plus ε / V to every class, as PyTorch does):
//   loss = Σ_r [ logsumexp(x_r) - (1 - ε)·x_r[t_r] - ε·mean(x_r) ]
// logits: [rows, V], replaced in place by gradient_scale · d loss / d logits when want_gradient;
// targets: int32 [rows]; rows whose target is ignore_id give no loss and gradient 0. Targets
// outside 0 … V-1 are an error. `loss`, `plain_loss` (the ε = 0 loss, for perplexity) and `correct`
// (rows whose largest logit, the first of equals, is the target): float64 sums over rows, in a
// fixed order, added to what the caller's CrossEntropySums holds.
struct CrossEntropySums {
  double loss = 0;
  double plain_loss = 0;
  std::int64_t correct = 0;
  std::int64_t count = 0;  // rows that were not ignored
};
struct CrossEntropy {
  View logits{};
  ConstView targets{};
  std::int32_t ignore_id = -1;
  float smoothing = 0;
  bool want_gradient = false;
  float gradient_scale = 1;
};
inline KernelSlot<void(ExecutionContext&, const CrossEntropy&, CrossEntropySums&)> cross_entropy{
    "cross_entropy"};

}  // namespace heed
