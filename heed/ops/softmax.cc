#include "heed/ops/softmax.h"

#include <algorithm>

#include "heed/kernels/elementwise.h"
#include "heed/ops/index.h"
#include "heed/ops/linear.h"
#include "heed/ops/operands.h"

namespace heed::ops {

namespace {

// Rows per block: large enough for full-speed products, small enough that the logits of a block
// stay in the last-level cache.
constexpr std::int64_t block_rows = 512;

void check_projection(const Tensor& x, const Projection& projection, const Tensor& targets) {
  const Tensor& weight = projection.weight;
  check_logit_map(projection.map());
  check(x.rank() == 2 && weight.rank() == 2 &&
            x.size(1) == stored_depth(weight.dtype(), weight.size(1)),
        "cross_entropy: x {} does not fit weight {}", x.shape(), weight.shape());
  check(targets.shape() == Shape({x.size(0)}), "cross_entropy: {} targets for {} rows",
        targets.shape(), x.size(0));
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

Tensor project(const Tensor& x, const Projection& projection, MatmulPrecision precision) {
  const LogitMap map = projection.map();
  check_logit_map(map);
  const Tensor logits = linear(x, projection.weight, projection.bias, precision);
  if (!map.active()) {
    return logits;
  }
  ExecutionContext context = context_for(x.device());
  if (!wants_gradient(logits)) {
    map_logits(context, logits, map, logits);
    return logits;
  }
  const Tensor y = Tensor::empty(logits.shape(), logits.dtype(), logits.device());
  map_logits(context, logits, map, y);
  return record("project", y, {logits},
                [y = y.detach(), map, slot = gradient_slot(logits)](const Tensor& dy) {
                  ExecutionContext context = context_for(dy.device());
                  const Tensor dx = Tensor::empty(dy.shape(), dy.dtype(), dy.device());
                  map_logits_backward(context, y, dy, map, dx);
                  slot.give(dx);
                });
}

CrossEntropyResult projection_cross_entropy(const Tensor& x, const Projection& projection,
                                            const Tensor& targets,
                                            const CrossEntropyOptions& options) {
  check_projection(x, projection, targets);
  const auto& [weight, bias, scale, soft_cap] = projection;
  ExecutionContext context = context_for(x.device());
  const Tensor ids = placed(targets, x.device());
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
                   .targets = ids.rows(begin, end),
                   .ignore_id = options.ignore_id,
                   .smoothing = options.smoothing,
                   .want_gradient = recording,
                   .gradient_scale = options.scale,
                   .map = {scale, soft_cap}},
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

std::vector<double> projection_log_probabilities(const Tensor& x, const Projection& projection,
                                                 const Tensor& targets, MatmulPrecision precision) {
  check_projection(x, projection, targets);
  const auto& [weight, bias, scale, soft_cap] = projection;
  const LogitMap map{scale, soft_cap};
  ExecutionContext context = context_for(x.device());
  const std::int64_t rows = x.size(0);
  const Tensor buffer =
      Tensor::empty({std::min(rows, block_rows), weight.size(0)}, x.dtype(), x.device());
  const Tensor on_host = placed(targets, cpu_device);
  const auto ids = on_host.values<std::int32_t>();
  std::vector<double> result;
  for (std::int64_t begin = 0; begin < rows; begin += block_rows) {
    const std::int64_t end = std::min(rows, begin + block_rows);
    const Tensor scores = buffer.rows(0, end - begin);
    matmul(context, x.rows(begin, end), weight, scores,
           {.transpose_b = true, .precision = precision, .bias = optional_view(bias)});
    if (map.active()) {
      map_logits(context, scores, map, scores);
    }
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

Tensor sequence_log_softmax(const Tensor& scores, std::span<const std::int32_t> offsets) {
  check(scores.rank() == 2, "sequence_log_softmax: expected scores [tokens, columns], got {}",
        scores.shape());
  ExecutionContext context = context_for(scores.device());
  const Tensor y = Tensor::empty(scores.shape(), scores.dtype(), scores.device());
  heed::sequence_log_softmax(context, scores, offsets, y);
  return y;
}

CrossEntropyResult sequence_cross_entropy(const Tensor& scores,
                                          std::span<const std::int32_t> offsets,
                                          const Tensor& targets,
                                          const CrossEntropyOptions& options) {
  const auto sequences = static_cast<std::int64_t>(offsets.size()) - 1;
  check(scores.rank() == 2 && targets.shape() == Shape({sequences, scores.size(1)}),
        "sequence_cross_entropy: scores {} and targets {} do not fit {} sequences ([tokens, "
        "columns] and [sequences, columns])",
        scores.shape(), targets.shape(), sequences);
  ExecutionContext context = context_for(scores.device());
  const bool recording = will_record({scores});
  // A copy, which turns into the gradient.
  const Tensor gradient = Tensor::empty(scores.shape(), scores.dtype(), scores.device());
  scale_add(context, scores, 1, 0, gradient);
  CrossEntropyResult result;
  heed::sequence_cross_entropy(context,
                               {.scores = gradient,
                                .offsets = offsets,
                                .targets = placed(targets, scores.device()),
                                .ignore_id = options.ignore_id,
                                .smoothing = options.smoothing,
                                .want_gradient = recording,
                                .gradient_scale = options.scale},
                               result.sums);
  result.loss = Tensor::empty({1}, scores.dtype(), scores.device());
  result.loss.fill(result.sums.loss * options.scale);
  record("sequence_cross_entropy", result.loss, {scores},
         [gradient, slot = gradient_slot(scores)](const Tensor& dloss) {
           ExecutionContext context = context_for(gradient.device());
           const auto [target, accumulate] = slot.target();
           scale_add(context, gradient, static_cast<float>(dloss.item()), accumulate ? 1 : 0,
                     target);
         });
  return result;
}

}  // namespace heed::ops
