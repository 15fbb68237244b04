#include "heed/ops/linear.h"

#include "heed/autograd/kept_activation.h"
#include "heed/kernels/elementwise.h"

namespace heed::ops {

namespace {

// y = x Wᵀ + b, with relu dropout(max(0, y)).
struct AffineMap {
  Tensor weight, bias;
  MatmulPrecision precision = MatmulPrecision::float32;
  bool relu = false;
  DropoutStream stream{};

  // `x` may be rounded: y has the type `dtype`. `use` is the weight, with or without its stamp.
  Tensor operator()(const Tensor& x, ConstView use, DType dtype) const {
    ExecutionContext context = context_for(x.device());
    const Tensor y = Tensor::empty({x.size(0), use.rows()}, dtype, x.device());
    matmul(context, x, use, y,
           {.transpose_b = true,
            .precision = precision,
            .bias = bias.defined() ? ConstView(bias.view()) : ConstView(),
            .relu = relu});
    if (stream.active()) {
      heed::dropout(context, y, stream, y);
    }
    return y;
  }
};

// A recorded map: what its backward pass needs.
class RecordedMap {
 public:
  RecordedMap(const Tensor& x, const AffineMap& map, Keep keep)
      : map_(map),
        dtype_(x.dtype()),
        x_slot_(gradient_slot(x)),
        weight_slot_(gradient_slot(map.weight)),
        bias_slot_(gradient_slot(map.bias)) {
    map_.weight = map.weight.detach();
    map_.bias = map.bias.defined() ? map.bias.detach() : Tensor();
    if (weight_slot_.wanted() || keep == Keep::operands) {
      x_ = KeptActivation(x);
    }
  }

  Tensor forward(const Tensor& x) const {
    // What is kept of x holds the same numbers as a product in bfloat16 would round x to.
    const bool rounded = map_.precision == MatmulPrecision::bfloat16 && !x_.exact();
    return map_(rounded ? x_.stored() : x, weight(), dtype_);
  }

  // The output, formed again when it is first asked for and held until forget_output().
  const Tensor& output_again() {
    if (!output_.defined()) {
      output_ = forward(map_.precision == MatmulPrecision::bfloat16 ? x_.stored() : x_.values());
    }
    return output_;
  }
  void forget_output() { output_ = Tensor(); }

  // From dz, the gradient of z = x Wᵀ + b:  dx = dz W,  dW = dzᵀ x,  db = Σ_rows dz.
  void backward(const Tensor& dz) const {
    ExecutionContext context = context_for(dz.device());
    const MatmulPrecision precision = map_.precision;
    if (x_slot_.wanted()) {
      const auto [target, accumulate] = x_slot_.target();
      matmul(context, dz, weight(), target, {.accumulate = accumulate, .precision = precision});
    }
    if (weight_slot_.wanted()) {
      const auto [target, accumulate] = weight_slot_.target();
      const bool rounded = precision == MatmulPrecision::bfloat16;
      matmul(context, dz, rounded ? x_.stored() : x_.values(), target,
             {.transpose_a = true, .accumulate = accumulate, .precision = precision});
    }
    if (bias_slot_.wanted()) {
      const auto [target, accumulate] = bias_slot_.target();
      column_sums(context, dz, accumulate, target);
    }
  }

  // The same from dy, the gradient of y = dropout(max(0, z)). dz may be y: it is overwritten.
  void backward_through_relu(const Tensor& y, const Tensor& dy, const Tensor& dz) const {
    ExecutionContext context = context_for(dy.device());
    activation_backward(context, Activation::relu, y, dy, map_.stream, dz);
    backward(dz);
  }

 private:
  // A step that changes the weight multiplies with it once in each direction: a packed copy that
  // waits for the next product would take memory and be out of date by then.
  ConstView weight() const {
    ConstView view = map_.weight;
    if (weight_slot_.wanted()) {
      view.stamp = 0;
    }
    return view;
  }

  AffineMap map_;
  DType dtype_;
  KeptActivation x_;
  Tensor output_;
  GradientSlot x_slot_, weight_slot_, bias_slot_;
};

void check_linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  check(x.rank() == 2 && weight.rank() == 2 &&
            x.size(1) == stored_depth(weight.dtype(), weight.size(1)),
        "linear: x {} does not fit weight {} ([out, in])", x.shape(), weight.shape());
  check(!wants_gradient(weight) ||
            (weight.dtype() != DType::bfloat16 && weight.dtype() != DType::int8),
        "linear: a weight {} that is kept in {} cannot learn", weight.shape(),
        name_of(weight.dtype()));
  if (bias.defined()) {
    check(bias.element_count() == weight.size(0), "linear: bias {} does not fit weight {}",
          bias.shape(), weight.shape());
  }
}

Tensor run(const char* name, const Tensor& x, const AffineMap& map, Keep keep) {
  check_linear(x, map.weight, map.bias);
  const auto inputs = {x, map.weight, map.bias};
  if (!will_record(inputs)) {
    return map(x, map.weight, x.dtype());
  }
  const auto recorded = std::make_shared<RecordedMap>(x, map, keep);
  const Tensor y = recorded->forward(x);
  if (keep == Keep::operands) {
    record(name, y, inputs, [recorded, relu = map.relu](const Tensor& dy) {
      if (relu) {
        const Tensor y = recorded->output_again();
        recorded->backward_through_relu(y, dy, y);
      } else {
        recorded->backward(dy);
      }
      recorded->forget_output();
    });
    offer_recomputation(y, [recorded] { return recorded->output_again(); });
  } else if (map.relu) {
    record(name, y, inputs, [recorded, kept = KeptActivation(y)](const Tensor& dy) {
      const Tensor dz = Tensor::empty(dy.shape(), dy.dtype(), dy.device());
      recorded->backward_through_relu(kept.stored(), dy, dz);
    });
  } else {
    record(name, y, inputs, [recorded](const Tensor& dy) { recorded->backward(dy); });
  }
  return y;
}

}  // namespace

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias, MatmulPrecision precision,
              Keep keep) {
  return run("linear", x, {.weight = weight, .bias = bias, .precision = precision}, keep);
}

Tensor linear_relu(const Tensor& x, const Tensor& weight, const Tensor& bias,
                   const DropoutStream& stream, MatmulPrecision precision, Keep keep) {
  return run(
      "linear_relu", x,
      {.weight = weight, .bias = bias, .precision = precision, .relu = true, .stream = stream},
      keep);
}

}  // namespace heed::ops
