#include "heed/ops/heads.h"

#include <algorithm>
#include <cmath>

#include "heed/autograd/kept_activation.h"
#include "heed/kernels/elementwise.h"
#include "heed/kernels/normalization.h"
#include "heed/ops/operands.h"

namespace heed::ops {

namespace {

// x [rows, runs · size] as [rows · runs, size]: the same memory where it lies side by side.
Tensor heads_as_rows(const Tensor& x, std::int64_t size) {
  const Tensor side_by_side = x.contiguous() ? x.detach() : x.clone();
  return side_by_side.reshape({x.element_count() / size, size});
}

}  // namespace

Tensor rms_norm_heads(const Tensor& x, const Tensor& gain, float epsilon) {
  const std::int64_t size = gain.element_count();
  check(x.rank() == 2 && gain.rank() == 1 && size > 0 && x.size(1) % size == 0,
        "rms_norm_heads: x {} cannot be cut into heads of gain {}", x.shape(), gain.shape());
  ExecutionContext context = context_for(x.device());
  const Tensor rows = heads_as_rows(x, size);
  const Tensor y = empty_like(rows);
  const Tensor rstd = Tensor::empty({rows.size(0)}, x.dtype(), x.device());
  rms_norm_forward(context, rows, gain, epsilon, y, rstd);
  if (!will_record({x, gain})) {
    return y.reshape(x.shape());
  }
  return record("rms_norm_heads", y.reshape(x.shape()), {x, gain},
                [kept = KeptActivation(rows), gain = gain.detach(), rstd, shape = x.shape(),
                 x_slot = gradient_slot(x), gain_slot = gradient_slot(gain)](const Tensor& dy) {
                  ExecutionContext context = context_for(dy.device());
                  const Tensor rows = kept.values();
                  const Tensor dx = empty_like(rows);
                  const Tensor unwanted =
                      gain_slot.wanted() ? Tensor()
                                         : Tensor::zeros(gain.shape(), gain.dtype(), gain.device());
                  rms_norm_backward(context, rows, gain, rstd, heads_as_rows(dy, rows.size(1)), dx,
                                    gain_slot.wanted() ? gain_slot.accumulator() : unwanted);
                  if (x_slot.wanted()) {
                    const auto [target, accumulate] = x_slot.target();
                    scale_add(context, dx.reshape(shape), 1, accumulate ? 1 : 0, target);
                  }
                });
}

Tensor linear_heads(const Tensor& x, const Tensor& weight, int heads, MatmulPrecision precision) {
  check(x.rank() == 2 && weight.rank() == 2 && heads > 0 && x.size(1) == weight.size(0) &&
            x.size(1) % heads == 0,
        "linear_heads: x {} and weight {} do not fit {} heads", x.shape(), weight.shape(), heads);
  const std::int64_t size = x.size(1) / heads;
  const std::int64_t out = weight.size(1);
  ExecutionContext context = context_for(x.device());
  const Tensor y = Tensor::empty({x.size(0), heads * out}, x.dtype(), x.device());
  for (int h = 0; h < heads; ++h) {
    matmul(context, x.columns(h * size, (h + 1) * size), weight.rows(h * size, (h + 1) * size),
           y.columns(h * out, (h + 1) * out), {.precision = precision});
  }
  if (!will_record({x, weight})) {
    return y;
  }
  return record(
      "linear_heads", y, {x, weight},
      [kept = KeptActivation(x), weight = weight.detach(), heads, size, out, precision,
       x_slot = gradient_slot(x), weight_slot = gradient_slot(weight)](const Tensor& dy) {
        ExecutionContext context = context_for(dy.device());
        if (x_slot.wanted()) {
          const auto [target, accumulate] = x_slot.target();
          for (int h = 0; h < heads; ++h) {
            matmul(context, dy.columns(h * out, (h + 1) * out),
                   weight.rows(h * size, (h + 1) * size), target.columns(h * size, (h + 1) * size),
                   {.transpose_b = true, .accumulate = accumulate, .precision = precision});
          }
        }
        if (weight_slot.wanted()) {
          const auto [target, accumulate] = weight_slot.target();
          const Tensor x = kept.values();
          for (int h = 0; h < heads; ++h) {
            matmul(context, x.columns(h * size, (h + 1) * size), dy.columns(h * out, (h + 1) * out),
                   target.rows(h * size, (h + 1) * size),
                   {.transpose_a = true, .accumulate = accumulate, .precision = precision});
          }
        }
      });
}

Tensor exponentials(const Tensor& x, double largest) {
  std::vector<double> inputs = x.to_doubles();
  std::vector<double> values;
  for (const double value : inputs) {
    values.push_back(std::exp(std::min(value, largest)));
  }
  const Tensor y = Tensor::from_values<double>(values, x.shape(), x.device()).to(x.dtype());
  return record(
      "exponentials", y, {x},
      [inputs = std::move(inputs), values = std::move(values), largest,
       slot = gradient_slot(x)](const Tensor& dy) {
        std::vector<double> gradient = dy.to_doubles();
        for (std::size_t i = 0; i < gradient.size(); ++i) {
          gradient[i] *= inputs[i] > largest ? 0 : values[i];
        }
        slot.give(Tensor::from_values<double>(gradient, dy.shape(), dy.device()).to(dy.dtype()));
      });
}

}  // namespace heed::ops
