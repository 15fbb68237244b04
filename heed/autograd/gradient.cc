#include "heed/autograd/gradient.h"

#include <atomic>
#include <queue>
#include <unordered_set>

#include "heed/kernels/elementwise.h"

namespace heed {

namespace {

thread_local bool enabled = true;

std::uint64_t next_sequence() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

Tensor memory_for(GradientNode& node) {
  if (!node.gradient.defined()) {
    node.gradient =
        node.allocate ? node.allocate() : Tensor::empty(node.shape, node.dtype, node.device);
  }
  return node.gradient;
}

}  // namespace

GradientNode::GradientNode(const char* op_name, const Tensor& output, bool is_leaf)
    : name(op_name),
      sequence(next_sequence()),
      leaf(is_leaf),
      shape(output.shape()),
      dtype(output.dtype()),
      device(output.device()) {}

GradientSlot::Target GradientSlot::target() const {
  const bool accumulate = node_->written;
  node_->written = true;
  return {memory_for(*node_), accumulate};
}

Tensor GradientSlot::accumulator() const {
  const Target result = target();
  if (!result.accumulate) {
    result.tensor.fill(0);
  }
  return result.tensor;
}

void GradientSlot::give(const Tensor& gradient) const {
  check(gradient.shape() == node_->shape, "backward of {}: gradient {} for a tensor {}",
        node_->name, gradient.shape(), node_->shape);
  if (!node_->written && !node_->gradient.defined() && !node_->allocate) {
    node_->gradient = gradient;
    node_->written = true;
    return;
  }
  const Target place = target();
  ExecutionContext context = context_for(node_->device);
  scale_add(context, gradient, 1, place.accumulate ? 1 : 0, place.tensor);
}

bool gradients_enabled() {
  return enabled;
}

NoGradientScope::NoGradientScope() : before_(enabled) {
  enabled = false;
}
NoGradientScope::~NoGradientScope() {
  enabled = before_;
}

void require_gradient(const Tensor& tensor) {
  tensor.set_gradient_node(std::make_shared<GradientNode>("leaf", tensor, true));
}

bool wants_gradient(const Tensor& tensor) {
  return tensor.defined() && tensor.gradient_node() != nullptr;
}

GradientSlot gradient_slot(const Tensor& tensor) {
  return tensor.defined() ? GradientSlot(tensor.gradient_node()) : GradientSlot();
}

Tensor gradient_of(const Tensor& leaf) {
  check(wants_gradient(leaf), "gradient_of: this tensor {} was not asked to keep a gradient",
        leaf.shape());
  return leaf.gradient_node()->written ? leaf.gradient_node()->gradient : Tensor();
}

void clear_gradient(const Tensor& leaf) {
  if (wants_gradient(leaf)) {
    leaf.gradient_node()->written = false;
  }
}

bool will_record(std::span<const Tensor> inputs) {
  if (!enabled) {
    return false;
  }
  for (const Tensor& input : inputs) {
    if (wants_gradient(input)) {
      return true;
    }
  }
  return false;
}

Tensor record(const char* name, const Tensor& output, std::span<const Tensor> inputs,
              GradientNode::Backward backward_function) {
  if (!will_record(inputs)) {
    return output;
  }
  auto node = std::make_shared<GradientNode>(name, output, false);
  for (const Tensor& input : inputs) {
    if (wants_gradient(input)) {
      node->inputs.push_back(input.gradient_node());
    }
  }
  node->backward = std::move(backward_function);
  output.set_gradient_node(std::move(node));
  return output;
}

void offer_recomputation(const Tensor& output, Recomputation recompute) {
  output.gradient_node()->recompute = std::make_shared<const Recomputation>(std::move(recompute));
}

void backward(const Tensor& loss, double seed) {
  check(loss.element_count() == 1, "backward: expected a scalar loss, got {}", loss.shape());
  const Tensor gradient = Tensor::empty(loss.shape(), loss.dtype(), loss.device());
  gradient.fill(seed);
  backward(loss, gradient);
}

void backward(const Tensor& output, const Tensor& gradient) {
  check(wants_gradient(output), "backward: nothing was recorded for this tensor {}",
        output.shape());
  const NoGradientScope no_gradients;
  using Node = std::shared_ptr<GradientNode>;
  const auto earlier = [](const Node& a, const Node& b) { return a->sequence < b->sequence; };
  std::priority_queue<Node, std::vector<Node>, decltype(earlier)> ready(earlier);
  std::unordered_set<const GradientNode*> queued;
  GradientSlot(output.gradient_node()).give(gradient);
  ready.push(output.gradient_node());
  queued.insert(output.gradient_node().get());
  while (!ready.empty()) {
    const Node node = ready.top();  // every consumer of its output has run
    ready.pop();
    if (node->leaf) {
      continue;
    }
    for (const Node& input : node->inputs) {
      if (queued.insert(input.get()).second) {
        ready.push(input);
      }
    }
    if (node->written && node->backward) {
      node->backward(node->gradient);
    }
    node->backward = nullptr;
    node->allocate = nullptr;
    node->recompute = nullptr;
    node->gradient = Tensor();
    node->inputs.clear();
  }
}

}  // namespace heed
