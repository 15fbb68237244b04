// Reverse-mode differentiation: ops record what they did, backward() walks it back.
//
//   require_gradient(weights);                       // a leaf: its gradient is kept
//   Tensor loss = sum(multiply(x, weights));
//   backward(loss);
//   Tensor g = gradient_of(weights);
//
// An op records one GradientNode for its output. The backward function holds detached inputs and
// outputs (only those whose values it needs) and GradientSlots of the inputs, so memory that no
// gradient needs is freed as soon as the forward pass lets go of it. Gradients are accumulated
// where they lie: a kernel that can add writes straight into the slot's target.
//
// Thread-safety: whether ops record is a matter of each thread. A graph belongs to one thread, from
// its leaves to the end of backward(); threads that record nothing (NoGradientScope) may share the
// tensors that they read.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "heed/kernels/kernel.h"
#include "heed/tensor/tensor.h"

namespace heed {

// Forms the values of a tensor again, to the same bits, from what is kept for the backward pass in
// any case and for little beside the ops around it: a norm from the sum before it.
using Recomputation = std::function<Tensor()>;

// Where one tensor's gradient gathers.
class GradientNode {
 public:
  // Receives the gradient of the output.
  using Backward = std::function<void(const Tensor& gradient)>;

  GradientNode(const char* name, const Tensor& output, bool leaf);

  const char* name;
  std::uint64_t sequence;  // of creation: a consumer's is always larger
  bool leaf;
  Shape shape;
  DType dtype;
  Device device;
  std::vector<std::shared_ptr<GradientNode>> inputs;
  Backward backward;
  // Gives the memory for the gradient; empty: fresh memory.
  std::function<Tensor()> allocate;
  // Of the output. Null: whoever needs its values in the backward pass keeps them.
  std::shared_ptr<const Recomputation> recompute;

  Tensor gradient;       // memory, may be defined while nothing has been written
  bool written = false;  // whether `gradient` holds something to add to
};

// A place to put one input's gradient into, from inside a backward function.
class GradientSlot {
 public:
  GradientSlot() = default;
  explicit GradientSlot(std::shared_ptr<GradientNode> node) : node_(std::move(node)) {}

  // False: nobody wants this gradient; do not compute it.
  bool wanted() const { return node_ != nullptr; }

  // For kernels that can add: write to `tensor`, adding to what it holds if `accumulate`.
  struct Target {
    Tensor tensor;
    bool accumulate;
  };
  Target target() const;
  // For kernels that always add: the gradient so far, zeros at first.
  Tensor accumulator() const;
  // Takes a gradient that nobody else holds: kept if it is the first, else added.
  void give(const Tensor& gradient) const;

 private:
  std::shared_ptr<GradientNode> node_;
};

// Whether ops record at present, on this thread.
bool gradients_enabled();

// While alive, ops on this thread record nothing.
class NoGradientScope {
 public:
  NoGradientScope();
  ~NoGradientScope();
  NoGradientScope(const NoGradientScope&) = delete;
  NoGradientScope& operator=(const NoGradientScope&) = delete;

 private:
  bool before_;
};

// Makes `tensor` a leaf whose gradient is kept.
void require_gradient(const Tensor& tensor);
bool wants_gradient(const Tensor& tensor);
GradientSlot gradient_slot(const Tensor& tensor);

// The gradient of a leaf: undefined until something was written.
Tensor gradient_of(const Tensor& leaf);
// Forgets the values of a leaf's gradient (its memory stays for the next one).
void clear_gradient(const Tensor& leaf);

// Records that `output` was computed from `inputs`, if anyone wants a gradient; returns output.
Tensor record(const char* name, const Tensor& output, std::span<const Tensor> inputs,
              GradientNode::Backward backward);
inline Tensor record(const char* name, const Tensor& output, std::initializer_list<Tensor> inputs,
                     GradientNode::Backward backward) {
  return record(name, output, std::span(inputs.begin(), inputs.size()), std::move(backward));
}

// Lets those who keep `output`, which was recorded, keep `recompute` in its place.
void offer_recomputation(const Tensor& output, Recomputation recompute);

// Whether record() with these inputs would record: for ops that keep something for the backward
// pass only then.
bool will_record(std::span<const Tensor> inputs);
inline bool will_record(std::initializer_list<Tensor> inputs) {
  return will_record(std::span(inputs.begin(), inputs.size()));
}

// Runs the backward pass from a scalar with d loss / d loss = seed. The recorded graph is consumed.
void backward(const Tensor& loss, double seed = 1.0);
// The same from any tensor, given its gradient.
void backward(const Tensor& output, const Tensor& gradient);

}  // namespace heed
