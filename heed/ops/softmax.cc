#include "heed/ops/softmax.h"

#include <algorithm>

namespace heed::ops {

namespace {

// Rows per block: large enough for full-speed products, small enough that the logits of a block
// stay in the last-level cache.
constexpr std::int64_t block_rows = 512;

void check_projection(const Tensor& x, const Tensor& weight, const Tensor& targets) {
  check(x.rank() == 2 && weight.rank() == 2 && x.size(1) == weight.size(1),
        "cross_entropy: x {} does not fit weight {}", x.shape(), weight.shape());
  check(targets.shape() == Shape({x.size(0)}), "cross_entropy: {} targets for {} rows",
        targets.shape(), x.size(0));
}

ConstView optional_view(const Tensor& x) {
  return x.defined() ? ConstView(x.view()) : ConstView();
}

}  // namespace

Tensor softmax(const Tensor& x) {
  ExecutionContext context = context_for(x.device());
  const Tensor y = Tensor::empty(x.shape(), x.dtype(), x.device());
  softmax_forward(context, x, y);
  return record("softmax", y, {x}, [y = y.detach(), x = gradient_slot(x)](const Tensor& dy) {
    ExecutionContext context = context_for(dy.device());
    const Tensor dx = Tensor::empty(dy.shape(), dy.dtype(), dy.device());
    softmax_backward(context, y, dy, dx);
    x.give(dx);
  });
}

Tensor log_softmax(const Tensor& x) {
  ExecutionContext context = context_for(x.device());
  const Tensor y = Tensor::empty(x.shape(), x.dtype(), x.device());
  log_softmax_forward(context, x, y);
  return y;
}

CrossEntropyResult projection_cross_entropy(const Tensor& x, const Tensor& weight,
                                            const Tensor& bias, const Tensor& targets,
                                            const CrossEntropyOptions& options) {
  check_projection(x, weight, targets);
  ExecutionContext context = context_for(x.device());
  const bool recording = will_record({x, weight, bias});
  const GradientSlot weight_slot = recording ? gradient_slot(weight) : GradientSlot();
  const GradientSlot bias_slot = recording ? gradient_slot(bias) : GradientSlot();
  const Tensor dx =
      recording && wants_gradient(x) ? Tensor::empty(x.shape(), x.dtype(), x.device()) : Tensor();
  const std::int64_t rows = x.size(0);
  const Tensor buffer =
      Tensor::empty({std::min(rows, block_rows), weight.size(0)}, x.dtype(), x.device());
  CrossEntropyResult result;
  for (std::int64_t begin = 0; begin < rows; begin += block_rows) {
    const std::int64_t end = std::min(rows, begin + block_rows);
    const Tensor inputs = x.rows(begin, end);
    const Tensor logits = buffer.rows(0, end - begin);
    matmul(context, inputs, weight, logits,
           {.transpose_b = true, .precision = options.precision, .bias = optional_view(bias)});
    cross_entropy(context,
                  {.logits = logits,
                   .targets = targets.rows(begin, end),
                   .ignore_id = options.ignore_id,
                   .smoothing = options.smoothing,
                   .want_gradient = recording,
                   .gradient_scale = options.scale},
                  result.sums);
    // `logits` now holds their gradient.
    if (dx.defined()) {
      matmul(context, logits, weight, dx.rows(begin, end), {.precision = options.precision});
    }
    if (weight_slot.wanted()) {
      const auto [target, accumulate] = weight_slot.target();
      matmul(context, logits, inputs, target,
             {.transpose_a = true, .accumulate = accumulate, .precision = options.precision});
    }
    if (bias_slot.wanted()) {
      const auto [target, accumulate] = bias_slot.target();
      column_sums(context, logits, accumulate, target);
    }
  }
  result.loss = Tensor::empty({1}, x.dtype(), x.device());
  result.loss.fill(result.sums.loss * options.scale);
  result.loss = record("projection_cross_entropy", result.loss, {x, weight, bias},
                       [dx, x = gradient_slot(x)](const Tensor& dloss) {
                         check(dloss.item() == 1.0,
                               "projection_cross_entropy: its loss entered backward() with weight "
                               "{}; put factors into CrossEntropyOptions::scale",
                               dloss.item());
                         if (x.wanted()) {
                           x.give(dx);
                         }
                       });
  return result;
}

std::vector<double> projection_log_probabilities(const Tensor& x, const Tensor& weight,
                                                 const Tensor& bias, const Tensor& targets) {
  check_projection(x, weight, targets);
  ExecutionContext context = context_for(x.device());
  const std::int64_t rows = x.size(0);
  const Tensor buffer =
      Tensor::empty({std::min(rows, block_rows), weight.size(0)}, x.dtype(), x.device());
  const auto ids = targets.values<std::int32_t>();
  std::vector<double> result;
  for (std::int64_t begin = 0; begin < rows; begin += block_rows) {
    const std::int64_t end = std::min(rows, begin + block_rows);
    const Tensor scores = buffer.rows(0, end - begin);
    matmul(context, x.rows(begin, end), weight, scores,
           {.transpose_b = true, .bias = optional_view(bias)});
    log_softmax_forward(context, scores, scores);
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int32_t id = ids[static_cast<std::size_t>(row)];
      check(id >= 0 && id < weight.size(0), "log-probabilities: target {} outside 0 … {}", id,
            weight.size(0) - 1);
      result.push_back(scores.rows(row - begin, row - begin + 1).columns(id, id + 1).item());
    }
  }
  return result;
}

}  // namespace heed::ops
