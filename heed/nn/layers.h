// The small layers: linear, layer norm, feed-forward.
#pragma once

#include <string>

#include "heed/kernels/elementwise.h"
#include "heed/nn/forward_context.h"
#include "heed/nn/module.h"
#include "heed/nn/sequences.h"
#include "heed/ops/linear.h"

namespace heed {

// y = x·Wᵀ + b; weight [out, in] (Xavier), bias [out] (zeros).
class Linear : public Module {
 public:
  Linear(std::int64_t in, std::int64_t out, Device device);

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
              Device device);
  // Each name with its own number of rows.
  FusedLinear(std::int64_t in, const std::vector<ParameterPart>& parts, Device device);
};

class LayerNorm : public Module {
 public:
  LayerNorm(std::int64_t size, double epsilon, Device device);

  Tensor forward(const Tensor& x) const;
  // LN(x + dropout(branch)).
  Tensor forward_residual(const Tensor& x, const Tensor& branch, const DropoutStream& stream) const;
  void visit(ParameterVisitor& visitor) override;

 private:
  Parameter gain_;
  Parameter bias_;
  float epsilon_;
};

// "relu", "gelu" (erf), "gelu_tanh", "silu", or gated: "swiglu", "geglu".
struct FeedForwardKind {
  Activation activation;
  bool gated;
};
FeedForwardKind feed_forward_kind(const std::string& name);

// W2·dropout(activation(W1·x)), or with a gate W2·dropout(activation(Wg·x) ⊙ Wu·x).
class FeedForward : public Module {
 public:
  // `dropout`: of the inner values.
  FeedForward(std::int64_t size, std::int64_t inner_size, const std::string& activation,
              const DropoutSite& dropout, Device device);

  Tensor forward(const Tensor& x, const Sequences& sequences, ForwardContext& context) const;
  void visit(ParameterVisitor& visitor) override;

 private:
  FeedForwardKind kind_;
  DropoutSite dropout_;
  Linear fc1_;
  Linear fc2_;
};

}  // namespace heed
