// Softmax, and cross-entropy with and without the projection before it.
#pragma once

#include "heed/autograd/gradient.h"
#include "heed/kernels/softmax.h"

namespace heed::ops {

Tensor softmax(const Tensor& x);
// Not differentiable: for scores of decoding.
Tensor log_softmax(const Tensor& x);

struct CrossEntropyOptions {
  float smoothing = 0;          // label smoothing ε: (1 - ε) to the target + ε / classes to each
  std::int32_t ignore_id = -1;  // targets that do not count
  // The loss returned is this times the sum over rows, for example 1 / tokens.
  float scale = 1;
  MatmulPrecision precision = MatmulPrecision::float32;
};

struct CrossEntropyResult {
  Tensor loss;            // [1]: scale · sum, differentiable
  CrossEntropySums sums;  // unscaled
};

// Cross-entropy of softmax(x·Wᵀ + b) against targets, in blocks of rows: the logits are never whole
// in memory and never computed twice. x: [rows, d]; weight: [classes, d]; bias: [classes] or
// undefined; targets: int32 [rows].
//
// When gradients are wanted they are computed in the same visit of a block, those of weight and
// bias straight into place: so the loss must enter backward() with weight 1 (put factors into
// `scale`).
CrossEntropyResult projection_cross_entropy(const Tensor& x, const Tensor& weight,
                                            const Tensor& bias, const Tensor& targets,
                                            const CrossEntropyOptions& options);

// logits[targets] after log-softmax: the log-probability of each row's target, in the same blocks.
// Not differentiable. Returns [rows] values in float64.
std::vector<double> projection_log_probabilities(const Tensor& x, const Tensor& weight,
                                                 const Tensor& bias, const Tensor& targets);

}  // namespace heed::ops
