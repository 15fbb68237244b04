#include "heed/ops/linear.h"

#include "heed/autograd/kept_activation.h"
#include "heed/kernels/elementwise.h"

namespace heed::ops {

namespace {

// y = x Wᵀ + b, with relu max(0, y). `x` may be rounded: y has the type `dtype`.
Tensor product(const Tensor& x, ConstView weight, const Tensor& bias, DType dtype,
               MatmulPrecision precision, bool relu) {
  ExecutionContext context = context_for(x.device());
  const Tensor y = Tensor::empty({x.size(0), weight.rows()}, dtype, x.device());
  matmul(context, x, weight, y,
         {.transpose_b = true,
          .precision = precision,
          .bias = bias.defined() ? ConstView(bias.view()) : ConstView(),
          .relu = relu});
  return y;
}

// A recorded affine map: what its backward pass needs.
class Linear {
 public:
  Linear(const Tensor& x, const Tensor& weight, const Tensor& bias, MatmulPrecision precision)
      : weight_(weight.detach()),
        x_slot_(gradient_slot(x)),
        weight_slot_(gradient_slot(weight)),
        bias_slot_(gradient_slot(bias)),
        precision_(precision) {
    if (weight_slot_.wanted()) {
      x_ = KeptActivation(x);
    }
  }

  Tensor forward(const Tensor& x, const Tensor& bias, bool relu) const {
    // What is kept of x holds the same numbers as a product in bfloat16 would round x to.
    const bool rounded = precision_ == MatmulPrecision::bfloat16 && x_.defined();
    return product(rounded ? x_.stored() : x, weight(), bias, x.dtype(), precision_, relu);
  }

  // With y = x Wᵀ + b:  dx = dy W,  dW = dyᵀ x,  db = Σ_rows dy.
  void backward(const Tensor& dy) const {
    ExecutionContext context = context_for(dy.device());
    if (x_slot_.wanted()) {
      const auto [target, accumulate] = x_slot_.target();
      matmul(context, dy, weight(), target, {.accumulate = accumulate, .precision = precision_});
    }
    if (weight_slot_.wanted()) {
      const auto [target, accumulate] = weight_slot_.target();
      const bool rounded = precision_ == MatmulPrecision::bfloat16;
      matmul(context, dy, rounded ? x_.stored() : x_.values(), target,
             {.transpose_a = true, .accumulate = accumulate, .precision = precision_});
    }
    if (bias_slot_.wanted()) {
      const auto [target, accumulate] = bias_slot_.target();
      column_sums(context, dy, accumulate, target);
    }
  }

 private:
  // A step that changes the weight multiplies with it once in each direction: a packed copy that
  // waits for the next product would take memory and be out of date by then.
  ConstView weight() const {
    ConstView view = weight_;
    if (weight_slot_.wanted()) {
      view.stamp = 0;
    }
    return view;
  }

  KeptActivation x_;
  Tensor weight_;
  GradientSlot x_slot_, weight_slot_, bias_slot_;
  MatmulPrecision precision_;
};

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
  if (!will_record({x, weight, bias})) {
    return product(x, weight, bias, x.dtype(), precision, false);
  }
  Linear map(x, weight, bias, precision);
  const Tensor y = map.forward(x, bias, false);
  return record("linear", y, {x, weight, bias},
                [map = std::move(map)](const Tensor& dy) { map.backward(dy); });
}

Tensor linear_relu(const Tensor& x, const Tensor& weight, const Tensor& bias,
                   const DropoutStream& stream, MatmulPrecision precision) {
  check_linear(x, weight, bias);
  const auto drop = [&](const Tensor& y) {
    if (stream.active()) {
      ExecutionContext context = context_for(x.device());
      dropout(context, y, stream, y);
    }
    return y;
  };
  if (!will_record({x, weight, bias})) {
    return drop(product(x, weight, bias, x.dtype(), precision, true));
  }
  Linear map(x, weight, bias, precision);
  const Tensor y = drop(map.forward(x, bias, true));
  return record("linear_relu", y, {x, weight, bias},
                [map = std::move(map), output = KeptActivation(y), stream](const Tensor& dy) {
                  ExecutionContext context = context_for(dy.device());
                  const Tensor dz = Tensor::empty(dy.shape(), dy.dtype(), dy.device());
                  activation_backward(context, Activation::relu, output.stored(), dy, stream, dz);
                  map.backward(dz);
                });
}

}  // namespace heed::ops
