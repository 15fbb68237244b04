#include "heed/ops/elementwise.h"

#include <numeric>

#include "heed/autograd/kept_activation.h"
#include "heed/ops/operands.h"

namespace heed::ops {

namespace {

void check_same_shape(const char* op, const Tensor& a, const Tensor& b) {
  check(a.shape() == b.shape(), "{}: shapes {} and {} differ", op, a.shape(), b.shape());
}

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) {
  check_same_shape("add", a, b);
  ExecutionContext context = context_for(a.device());
  const Tensor y = empty_like(a);
  scale_add(context, a, 1, 0, y);
  scale_add(context, b, 1, 1, y);
  return record("add", y, {a, b}, [a = gradient_slot(a), b = gradient_slot(b)](const Tensor& dy) {
    for (const GradientSlot& slot : {a, b}) {
      if (slot.wanted()) {
        ExecutionContext context = context_for(dy.device());
        const auto [target, accumulate] = slot.target();
        scale_add(context, dy, 1, accumulate ? 1 : 0, target);
      }
    }
  });
}

Tensor scale(const Tensor& x, float factor) {
  ExecutionContext context = context_for(x.device());
  const Tensor y = empty_like(x);
  scale_add(context, x, factor, 0, y);
  return record("scale", y, {x}, [x = gradient_slot(x), factor](const Tensor& dy) {
    ExecutionContext context = context_for(dy.device());
    const auto [target, accumulate] = x.target();
    scale_add(context, dy, factor, accumulate ? 1 : 0, target);
  });
}

Tensor multiply(const Tensor& a, const Tensor& b) {
  check_same_shape("multiply", a, b);
  ExecutionContext context = context_for(a.device());
  const Tensor y = empty_like(a);
  heed::multiply(context, a, b, false, y);
  return record("multiply", y, {a, b},
                [a = a.detach(), b = b.detach(), a_slot = gradient_slot(a),
                 b_slot = gradient_slot(b)](const Tensor& dy) {
                  ExecutionContext context = context_for(dy.device());
                  if (a_slot.wanted()) {
                    const auto [target, accumulate] = a_slot.target();
                    heed::multiply(context, dy, b, accumulate, target);
                  }
                  if (b_slot.wanted()) {
                    const auto [target, accumulate] = b_slot.target();
                    heed::multiply(context, dy, a, accumulate, target);
                  }
                });
}

Tensor sum(const Tensor& x) {
  const std::vector<double> values = x.to_doubles();
  const Tensor y = Tensor::empty({1}, x.dtype(), x.device());
  y.fill(std::accumulate(values.begin(), values.end(), 0.0));
  return record("sum", y, {x}, [x = gradient_slot(x), shape = x.shape()](const Tensor& dy) {
    const Tensor dx = Tensor::empty(shape, dy.dtype(), dy.device());
    dx.fill(dy.item());
    x.give(dx);
  });
}

Tensor dropout(const Tensor& x, const DropoutStream& stream) {
  if (!stream.active()) {
    return x;
  }
  ExecutionContext context = context_for(x.device());
  const Tensor y = empty_like(x);
  heed::dropout(context, x, stream, y);
  return record("dropout", y, {x}, [x = gradient_slot(x), stream](const Tensor& dy) {
    ExecutionContext context = context_for(dy.device());
    const Tensor dx = empty_like(dy);
    heed::dropout(context, dy, stream, dx);
    x.give(dx);
  });
}

Tensor activate(const Tensor& x, Activation activation, const DropoutStream& stream) {
  ExecutionContext context = context_for(x.device());
  const Tensor y = empty_like(x);
  activation_forward(context, activation, x, stream, y);
  if (!will_record({x})) {
    return y;
  }
  // ReLU's derivative can be read off its output, so its input need not be kept.
  const bool keeps_output = activation == Activation::relu;
  const KeptActivation kept(keeps_output ? y : x);
  record("activate", y, {x}, [kept, slot = gradient_slot(x), activation, stream](const Tensor& dy) {
    ExecutionContext context = context_for(dy.device());
    const Tensor dx = empty_like(dy);
    activation_backward(context, activation, kept.stored(), dy, stream, dx);
    slot.give(dx);
  });
  if (!keeps_output && kept.exact()) {
    offer_recomputation(y, [kept, activation, stream] {
      const Tensor x = kept.stored();
      ExecutionContext context = context_for(x.device());
      const Tensor again = empty_like(x);
      activation_forward(context, activation, x, stream, again);
      return again;
    });
  }
  return y;
}

Tensor gate(const Tensor& x, Activation activation, const DropoutStream& stream) {
  check(x.rank() == 2 && x.size(1) % 2 == 0,
        "gate: expected [rows, 2n] with gate and up side by side, got {}", x.shape());
  ExecutionContext context = context_for(x.device());
  const Tensor y = Tensor::empty({x.size(0), x.size(1) / 2}, x.dtype(), x.device());
  gated_forward(context, activation, x, stream, y);
  if (!will_record({x})) {
    return y;
  }
  const KeptActivation kept(x);
  record("gate", y, {x}, [kept, slot = gradient_slot(x), activation, stream](const Tensor& dy) {
    ExecutionContext context = context_for(dy.device());
    const Tensor x = kept.stored();
    const Tensor dx = Tensor::empty(x.shape(), dy.dtype(), dy.device());
    gated_backward(context, activation, x, dy, stream, dx);
    slot.give(dx);
  });
  if (kept.exact()) {
    offer_recomputation(y, [kept, activation, stream] {
      const Tensor x = kept.stored();
      ExecutionContext context = context_for(x.device());
      const Tensor again = Tensor::empty({x.size(0), x.size(1) / 2}, x.dtype(), x.device());
      gated_forward(context, activation, x, stream, again);
      return again;
    });
  }
  return y;
}

std::vector<Tensor> split_columns(const Tensor& x, std::span<const std::int64_t> widths) {
  check(std::accumulate(widths.begin(), widths.end(), std::int64_t{0}) == x.size(-1),
        "split_columns: the widths do not add up to the columns of {}", x.shape());
  // The whole: its gradient is made when the first part asks, and passed on after the last.
  struct Whole {
    Tensor gradient;
    std::vector<bool> written;
  };
  const auto whole = std::make_shared<Whole>();
  whole->written.resize(widths.size());
  const bool recording = will_record({x});
  std::shared_ptr<GradientNode> node;
  if (recording) {
    node = std::make_shared<GradientNode>("split_columns", x, false);
    node->inputs = {x.gradient_node()};
    node->backward = [whole, slot = gradient_slot(x),
                      columns = std::vector(widths.begin(), widths.end())](const Tensor&) {
      std::int64_t begin = 0;
      for (std::size_t i = 0; i < columns.size(); ++i) {
        if (!whole->written[i]) {
          whole->gradient.columns(begin, begin + columns[i]).fill(0);
        }
        begin += columns[i];
      }
      slot.give(whole->gradient);
    };
  }
  std::vector<Tensor> parts;
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const std::int64_t end = begin + widths[i];
    const Tensor part = x.columns(begin, end);
    if (recording) {
      auto part_node = std::make_shared<GradientNode>("split_columns part", part, false);
      part_node->inputs = {node};
      part_node->allocate = [whole, node = std::weak_ptr(node), begin, end] {
        if (!whole->gradient.defined()) {
          const auto parent = node.lock();
          whole->gradient = Tensor::empty(parent->shape, parent->dtype, parent->device);
        }
        return whole->gradient.columns(begin, end);
      };
      part_node->backward = [whole, node = std::weak_ptr(node), i](const Tensor&) {
        whole->written[i] = true;
        node.lock()->written = true;
      };
      part.set_gradient_node(std::move(part_node));
    }
    parts.push_back(part);
    begin = end;
  }
  return parts;
}

}  // namespace heed::ops
