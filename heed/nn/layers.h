// The small layers: linear maps and the feed-forward sublayer.
// Thread-safety: as Module.
#pragma once

#include <string>

#include "heed/kernels/elementwise.h"
#include "heed/nn/forward_context.h"
#include "heed/nn/module.h"
#include "heed/nn/sequences.h"
#include "heed/ops/linear.h"

namespace heed {

// y = x·Wᵀ + b; weight [out, in] (Xavier), bias [out] (zeros), undefined without one. Whoever
// multiplies with the weight does it in ForwardContext::precision (Parameter::operand).
class Linear : public Module {
 public:
  Linear(std::int64_t in, std::int64_t out, Device device, bool has_bias = true);

  Tensor forward(const Tensor& x, ForwardContext& context,
                 ops::Keep keep = ops::Keep::output) const;
  void visit(ParameterVisitor& visitor) override;

  Parameter weight;
  Parameter bias;
};

// Several linear maps of the same input side by side in one matrix, which files keep apart: q, k
// and v, or gate and up.
class FusedLinear : public Linear {
 public:
  // `names` with `out` rows each.
  FusedLinear(std::int64_t in, std::int64_t out, const std::vector<std::string>& names,
              Device device, bool has_bias = true);
  // Each name with its own number of rows.
  FusedLinear(std::int64_t in, const std::vector<ParameterPart>& parts, Device device,
              bool has_bias = true);
};

// "relu", "relu_squared", "gelu" (erf), "gelu_tanh", "silu", or gated: "swiglu", "geglu",
// "geglu_tanh".
struct FeedForwardKind {
  Activation activation;
  bool gated;
};
FeedForwardKind feed_forward_kind(const std::string& name);

struct FeedForwardConfig {
  std::int64_t size = 512;
  std::int64_t inner_size = 2048;
  std::string activation = "relu";
  bool bias = true;  // of both maps
};

// W2·dropout(activation(W1·x)), or with a gate W2·dropout(activation(Wg·x) ⊙ Wu·x).
class FeedForward : public Module {
 public:
  // `dropout`: of the inner values. Errors (usage): an unknown activation.
  FeedForward(const FeedForwardConfig& config, const DropoutSite& dropout, Device device);

  Tensor forward(const Tensor& x, const Sequences& sequences, ForwardContext& context) const;
  Linear& output() { return fc2_; }
  void visit(ParameterVisitor& visitor) override;

 private:
  FeedForwardKind kind_;
  DropoutSite dropout_;
  Linear fc1_;
  Linear fc2_;
};

}  // namespace heed
