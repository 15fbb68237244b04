#include "heed/ops/linear.h"

#include "heed/kernels/elementwise.h"

namespace heed::ops {

namespace {

// What the backward pass of an affine map needs.
struct Linear {
  Tensor x, weight;
  GradientSlot x_slot, weight_slot, bias_slot;
  MatmulPrecision precision;

  Linear(const Tensor& input, const Tensor& weights, const Tensor& bias, MatmulPrecision type)
      : weight(weights.detach()),
        x_slot(gradient_slot(input)),
        weight_slot(gradient_slot(weights)),
        bias_slot(gradient_slot(bias)),
        precision(type) {
    if (weight_slot.wanted()) {
      x = input.detach();
    }
  }

  // With y = x Wᵀ + b:  dx = dy W,  dW = dyᵀ x,  db = Σ_rows dy.
  void backward(const Tensor& dy) const {
    ExecutionContext context = context_for(dy.device());
    if (x_slot.wanted()) {
      const auto [target, accumulate] = x_slot.target();
      matmul(context, dy, weight, target, {.accumulate = accumulate, .precision = precision});
    }
    if (weight_slot.wanted()) {
      const auto [target, accumulate] = weight_slot.target();
      matmul(context, dy, x, target,
             {.transpose_a = true, .accumulate = accumulate, .precision = precision});
    }
    if (bias_slot.wanted()) {
      const auto [target, accumulate] = bias_slot.target();
      column_sums(context, dy, accumulate, target);
    }
  }
};

Tensor product(const Tensor& x, const Tensor& weight, const Tensor& bias, bool relu,
               MatmulPrecision precision) {
  check(x.rank() == 2 && weight.rank() == 2 && x.size(1) == weight.size(1),
        "linear: x {} does not fit weight {} ([out, in])", x.shape(), weight.shape());
  if (bias.defined()) {
    check(bias.element_count() == weight.size(0), "linear: bias {} does not fit weight {}",
          bias.shape(), weight.shape());
  }
  ExecutionContext context = context_for(x.device());
  const Tensor y = Tensor::empty({x.size(0), weight.size(0)}, x.dtype(), x.device());
  matmul(context, x, weight, y,
         {.transpose_b = true,
          .precision = precision,
          .bias = bias.defined() ? ConstView(bias.view()) : ConstView(),
          .relu = relu});
  return y;
}

}  // namespace

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias,
              MatmulPrecision precision) {
  const Tensor y = product(x, weight, bias, false, precision);
  return record(
      "linear", y, {x, weight, bias},
      [saved = Linear(x, weight, bias, precision)](const Tensor& dy) { saved.backward(dy); });
}

Tensor linear_relu(const Tensor& x, const Tensor& weight, const Tensor& bias,
                   const DropoutStream& stream, MatmulPrecision precision) {
  const Tensor y = product(x, weight, bias, true, precision);
  if (stream.active()) {
    ExecutionContext context = context_for(x.device());
    dropout(context, y, stream, y);
  }
  return record(
      "linear_relu", y, {x, weight, bias},
      [saved = Linear(x, weight, bias, precision), y = y.detach(), stream](const Tensor& dy) {
        ExecutionContext context = context_for(dy.device());
        const Tensor dz = Tensor::empty(dy.shape(), dy.dtype(), dy.device());
        activation_backward(context, Activation::relu, y, dy, stream, dz);
        saved.backward(dz);
      });
}

}  // namespace heed::ops
