#include "heed/ops/linear.h"

#include "heed/autograd/kept_activation.h"
#include "heed/kernels/elementwise.h"

namespace heed::ops {

namespace {

// A step of training multiplies with a weight once in each direction: a packed copy that waits for
// the next product takes memory and is out of date by then.
ConstView packed_for_once(const Tensor& weight) {
  ConstView view = weight;
  view.stamp = 0;
  return view;
}

// What the backward pass of an affine map needs.
struct Linear {
  KeptActivation x;
  Tensor weight;
  GradientSlot x_slot, weight_slot, bias_slot;
  MatmulPrecision precision;

  Linear(const Tensor& input, const Tensor& weights, const Tensor& bias, MatmulPrecision type)
      : weight(weights.detach()),
        x_slot(gradient_slot(input)),
        weight_slot(gradient_slot(weights)),
        bias_slot(gradient_slot(bias)),
        precision(type) {
    if (weight_slot.wanted() && gradients_enabled()) {
      x = KeptActivation(input);
    }
  }

  // With y = x Wᵀ + b:  dx = dy W,  dW = dyᵀ x,  db = Σ_rows dy.
  void backward(const Tensor& dy) const {
    ExecutionContext context = context_for(dy.device());
    if (x_slot.wanted()) {
      const auto [target, accumulate] = x_slot.target();
      matmul(context, dy, packed_for_once(weight), target,
             {.accumulate = accumulate, .precision = precision});
    }
    if (weight_slot.wanted()) {
      const auto [target, accumulate] = weight_slot.target();
      matmul(context, dy, precision == MatmulPrecision::bfloat16 ? x.stored() : x.values(), target,
             {.transpose_a = true, .accumulate = accumulate, .precision = precision});
    }
    if (bias_slot.wanted()) {
      const auto [target, accumulate] = bias_slot.target();
      column_sums(context, dy, accumulate, target);
    }
  }
};

// `kept` stands for x where it holds the same numbers as the product would round x to.
Tensor product(const Tensor& x, const Linear& kept, const Tensor& bias, bool relu) {
  ExecutionContext context = context_for(x.device());
  const Tensor& weight = kept.weight;
  const bool rounded = kept.precision == MatmulPrecision::bfloat16 && kept.x.defined();
  const Tensor y = Tensor::empty({x.size(0), weight.size(0)}, x.dtype(), x.device());
  matmul(context, rounded ? kept.x.stored() : x,
         kept.x.defined() ? packed_for_once(weight) : ConstView(weight), y,
         {.transpose_b = true,
          .precision = kept.precision,
          .bias = bias.defined() ? ConstView(bias.view()) : ConstView(),
          .relu = relu});
  return y;
}

void check_linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  check(x.rank() == 2 && weight.rank() == 2 && x.size(1) == weight.size(1),
        "linear: x {} does not fit weight {} ([out, in])", x.shape(), weight.shape());
  if (bias.defined()) {
    check(bias.element_count() == weight.size(0), "linear: bias {} does not fit weight {}",
          bias.shape(), weight.shape());
  }
}

}  // namespace

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias,
              MatmulPrecision precision) {
  check_linear(x, weight, bias);
  Linear kept(x, weight, bias, precision);
  const Tensor y = product(x, kept, bias, false);
  return record("linear", y, {x, weight, bias},
                [kept = std::move(kept)](const Tensor& dy) { kept.backward(dy); });
}

Tensor linear_relu(const Tensor& x, const Tensor& weight, const Tensor& bias,
                   const DropoutStream& stream, MatmulPrecision precision) {
  check_linear(x, weight, bias);
  Linear kept(x, weight, bias, precision);
  const Tensor y = product(x, kept, bias, true);
  if (stream.active()) {
    ExecutionContext context = context_for(x.device());
    dropout(context, y, stream, y);
  }
  if (!will_record({x, weight, bias})) {
    return y;
  }
  return record("linear_relu", y, {x, weight, bias},
                [kept = std::move(kept), output = KeptActivation(y), stream](const Tensor& dy) {
                  ExecutionContext context = context_for(dy.device());
                  const Tensor dz = Tensor::empty(dy.shape(), dy.dtype(), dy.device());
                  activation_backward(context, Activation::relu, output.stored(), dy, stream, dz);
                  kept.backward(dz);
                });
}

}  // namespace heed::ops
