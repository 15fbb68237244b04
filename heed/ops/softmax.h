// Softmax, and cross-entropy with and without the projection before it.
//
// Thread-safety: as autograd/gradient.h says.
#pragma once

#include <span>

#include "heed/autograd/gradient.h"
#include "heed/kernels/softmax.h"

namespace heed::ops {

Tensor softmax(const Tensor& x);
// Not differentiable: for scores of decoding.
Tensor log_softmax(const Tensor& x);

// An output layer: logits = scale · (x·Wᵀ + b), with a soft cap soft_cap · tanh(that / soft_cap).
struct Projection {
  Tensor weight;  // [classes, d]
  Tensor bias{};  // [classes] or [1, classes] or undefined
  float scale = 1;
  float soft_cap = 0;  // 0: none

  LogitMap map() const { return {scale, soft_cap}; }
};

// The logits of x [rows, d]: [rows, classes].
Tensor project(const Tensor& x, const Projection& projection,
               MatmulPrecision precision = MatmulPrecision::float32);

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

// Cross-entropy of softmax(logits) against targets, in blocks of rows: the logits are never whole
// in memory and never computed twice. x: [rows, d]; targets: int32 [rows].
//
// When gradients are wanted they are computed in the same visit of a block, those of weight and
// bias straight into place: so the loss must enter backward() with weight 1 (put factors into
// `scale`).
CrossEntropyResult projection_cross_entropy(const Tensor& x, const Projection& projection,
                                            const Tensor& targets,
                                            const CrossEntropyOptions& options);

// logits[targets] after log-softmax: the log-probability of each row's target, in the same blocks.
// Not differentiable. Returns [rows] values in float64.
std::vector<double> projection_log_probabilities(
    const Tensor& x, const Projection& projection, const Tensor& targets,
    MatmulPrecision precision = MatmulPrecision::float32);

// Softmax over the tokens of a sequence, as for answers that are spans of it. Each column of
// scores [tokens, columns] is a distribution of its own over the rows offsets[s] … offsets[s+1]-1;
// targets: int32 [sequences, columns], counted from the beginning of the sequence.
//
// Log-probabilities of the same shape. Not differentiable.
Tensor sequence_log_softmax(const Tensor& scores, std::span<const std::int32_t> offsets);
// The sum over sequences and columns, with all options but `precision`.
CrossEntropyResult sequence_cross_entropy(const Tensor& scores,
                                          std::span<const std::int32_t> offsets,
                                          const Tensor& targets,
                                          const CrossEntropyOptions& options);

}  // namespace heed::ops
