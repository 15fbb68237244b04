#include "heed/nn/layers.h"

#include <map>

#include "heed/ops/elementwise.h"
#include "heed/ops/normalization.h"

namespace heed {

Linear::Linear(std::int64_t in, std::int64_t out, Device device)
    : weight({out, in}, Initial::xavier, true, device),
      bias({out}, Initial::zeros, false, device) {}

Tensor Linear::forward(const Tensor& x, ForwardContext& context, ops::Keep keep) const {
  return ops::linear(x, weight.value, bias.value, context.precision, keep);
}

void Linear::visit(ParameterVisitor& visitor) {
  visitor.parameter("weight", weight);
  visitor.parameter("bias", bias);
}

namespace {

std::vector<ParameterPart> parts_of_equal_rows(const std::vector<std::string>& names,
                                               std::int64_t rows) {
  std::vector<ParameterPart> parts;
  for (const std::string& name : names) {
    parts.push_back({name, rows});
  }
  return parts;
}

std::int64_t rows_of_all(const std::vector<ParameterPart>& parts) {
  std::int64_t rows = 0;
  for (const ParameterPart& part : parts) {
    rows += part.rows;
  }
  return rows;
}

}  // namespace

FusedLinear::FusedLinear(std::int64_t in, std::int64_t out, const std::vector<std::string>& names,
                         Device device)
    : FusedLinear(in, parts_of_equal_rows(names, out), device) {}

FusedLinear::FusedLinear(std::int64_t in, const std::vector<ParameterPart>& parts, Device device)
    : Linear(in, rows_of_all(parts), device) {
  for (const ParameterPart& part : parts) {
    weight.parts.push_back({part.name + ".weight", part.rows});
    bias.parts.push_back({part.name + ".bias", part.rows});
  }
}

LayerNorm::LayerNorm(std::int64_t size, double epsilon, Device device)
    : gain_({size}, Initial::ones, false, device),
      bias_({size}, Initial::zeros, false, device),
      epsilon_(static_cast<float>(epsilon)) {}

Tensor LayerNorm::forward(const Tensor& x) const {
  return ops::layer_norm(x, gain_.value, bias_.value, epsilon_);
}

Tensor LayerNorm::forward_residual(const Tensor& x, const Tensor& branch,
                                   const DropoutStream& stream) const {
  return ops::residual_layer_norm(x, branch, gain_.value, bias_.value, epsilon_, stream);
}

void LayerNorm::visit(ParameterVisitor& visitor) {
  visitor.parameter("weight", gain_);
  visitor.parameter("bias", bias_);
}

FeedForwardKind feed_forward_kind(const std::string& name) {
  static const std::map<std::string, FeedForwardKind> kinds = {
      {"relu", {Activation::relu, false}},           {"gelu", {Activation::gelu, false}},
      {"gelu_tanh", {Activation::gelu_tanh, false}}, {"silu", {Activation::silu, false}},
      {"swiglu", {Activation::silu, true}},          {"geglu", {Activation::gelu, true}},
  };
  const auto found = kinds.find(name);
  check_usage(found != kinds.end(),
              "activation '{}': expected relu, gelu, gelu_tanh, silu, swiglu or geglu", name);
  return found->second;
}

FeedForward::FeedForward(std::int64_t size, std::int64_t inner_size, const std::string& activation,
                         const DropoutSite& dropout, Device device)
    : kind_(feed_forward_kind(activation)),
      dropout_(dropout),
      fc1_(kind_.gated
               ? static_cast<Linear>(FusedLinear(size, inner_size, {"fc1", "fc1_up"}, device))
               : Linear(size, inner_size, device)),
      fc2_(inner_size, size, device) {}

Tensor FeedForward::forward(const Tensor& x, const Sequences& sequences,
                            ForwardContext& context) const {
  const DropoutStream stream = context.dropout(dropout_, sequences.row_keys);
  const ops::Keep keep = context.recompute_feed_forward ? ops::Keep::operands : ops::Keep::output;
  if (kind_.activation == Activation::relu) {
    return fc2_.forward(
        ops::linear_relu(x, fc1_.weight.value, fc1_.bias.value, stream, context.precision, keep),
        context);
  }
  const Tensor inner = fc1_.forward(x, context, keep);
  return fc2_.forward(kind_.gated ? ops::gate(inner, kind_.activation, stream)
                                  : ops::activate(inner, kind_.activation, stream),
                      context);
}

void FeedForward::visit(ParameterVisitor& visitor) {
  if (kind_.gated) {
    visitor.parameter("fc1_gate_up_weight", fc1_.weight);
    visitor.parameter("fc1_gate_up_bias", fc1_.bias);
  } else {
    visitor.module("fc1", fc1_);
  }
  visitor.module("fc2", fc2_);
}

}  // namespace heed
