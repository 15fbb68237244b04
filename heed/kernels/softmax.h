// Softmax over rows, and the losses on top of it.
//
// Thread-safety: as kernels/kernel.h says.
#pragma once

#include <cmath>
#include <span>

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

// What a model does to its logits before their softmax: z = scale · x, and with a soft cap
// z = soft_cap · tanh(scale · x / soft_cap) (Gemma Team, "Gemma 2", 2024, section 2).
struct LogitMap {
  float scale = 1;
  float soft_cap = 0;  // 0: none

  bool active() const { return scale != 1 || soft_cap != 0; }
};
// y = the map of x; y may be x. NaN passes through.
inline KernelSlot<void(ExecutionContext&, ConstView x, const LogitMap&, View y)> map_logits{
    "map_logits"};
// dx = scale · dy ⊙ (1 - (y / soft_cap)²), without a cap scale · dy. dx may be dy.
inline KernelSlot<void(ExecutionContext&, ConstView y, ConstView dy, const LogitMap&, View dx)>
    map_logits_backward{"map_logits_backward"};

// Cross-entropy with label smoothing ε against class t of V (Szegedy et al., 2016; the smoothed
// target gives (1 - ε) to t plus ε / V to every class, as PyTorch does):
//   loss = Σ_r [ logsumexp(x_r) - (1 - ε)·x_r[t_r] - ε·mean(x_r) ]
// logits: [rows, V], replaced in place by gradient_scale · d loss / d logits when want_gradient;
// targets: int32 [rows]; rows whose target is ignore_id give no loss and gradient 0. Targets
// outside 0 … V-1 are an error. `loss`, `plain_loss` (the ε = 0 loss, for perplexity) and `correct`
// (rows whose largest logit, the first of equals, is the target): float64 sums over rows, in a
// fixed order, added to what the caller's CrossEntropySums holds.
//
// With a `map` the logits are what it makes of `logits`, and the gradient is that of `logits`.
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
  LogitMap map{};

  void visit_views(auto&& visit) const { visit(logits, targets); }
};
inline KernelSlot<void(ExecutionContext&, const CrossEntropy&, CrossEntropySums&)> cross_entropy{
    "cross_entropy"};

// Softmax over the tokens of a sequence. In packed rows x[tokens, columns] column c of the rows
// offsets[s] … offsets[s+1]-1 is a distribution of its own: an answer's start, and its end.
//
// y = log softmax of each. y may be x.
inline KernelSlot<void(ExecutionContext&, ConstView x, std::span<const std::int32_t> offsets,
                       View y)>
    sequence_log_softmax{"sequence_log_softmax"};
// Cross-entropy of each, as cross_entropy defines it for a row. scores: [tokens, columns], replaced
// in place like its logits; targets: int32 [sequences, columns], counted from the beginning of the
// sequence. A target outside its sequence is an error; ignore_id gives no loss and gradient 0.
struct SequenceCrossEntropy {
  View scores{};
  std::span<const std::int32_t> offsets{};  // [sequences + 1]
  ConstView targets{};
  std::int32_t ignore_id = -1;
  float smoothing = 0;
  bool want_gradient = false;
  float gradient_scale = 1;

  void visit_views(auto&& visit) const { visit(scores, targets); }
};
inline KernelSlot<void(ExecutionContext&, const SequenceCrossEntropy&, CrossEntropySums&)>
    sequence_cross_entropy{"sequence_cross_entropy"};
// What every backend checks first.
void check_sequences(const char* kernel, const ConstView& x, std::span<const std::int32_t> offsets);
void check_sequence_targets(const SequenceCrossEntropy& call);
inline void check_logit_map(const LogitMap& map) {
  check(std::isfinite(map.scale) && std::isfinite(map.soft_cap) && map.soft_cap >= 0,
        "logits: scale {} and soft cap {}, expected finite numbers, the cap 0 (none) or more",
        map.scale, map.soft_cap);
}

}  // namespace heed
