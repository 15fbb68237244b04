#include "heed/nn/layers.h"

#include <map>

#include "heed/base/error.h"
#include "heed/ops/elementwise.h"

namespace heed {

Linear::Linear(std::int64_t in, std::int64_t out, Device device, bool has_bias)
    : weight({out, in}, Initial::xavier, true, device),
      bias(has_bias ? Parameter({out}, Initial::zeros, false, device) : Parameter()) {
  weight.hidden = true;
  weight.operand = true;
}

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
                         Device device, bool has_bias)
    : FusedLinear(in, parts_of_equal_rows(names, out), device, has_bias) {}

FusedLinear::FusedLinear(std::int64_t in, const std::vector<ParameterPart>& parts, Device device,
                         bool has_bias)
    : Linear(in, rows_of_all(parts), device, has_bias) {
  for (const ParameterPart& part : parts) {
    weight.parts.push_back({part.name + ".weight", part.rows});
    if (has_bias) {
      bias.parts.push_back({part.name + ".bias", part.rows});
    }
  }
}

FeedForwardKind feed_forward_kind(const std::string& name) {
  static const std::map<std::string, FeedForwardKind> kinds = {
      {"relu", {Activation::relu, false}},
      {"gelu", {Activation::gelu, false}},
      {"gelu_tanh", {Activation::gelu_tanh, false}},
      {"silu", {Activation::silu, false}},
      {"swiglu", {Activation::silu, true}},
      {"geglu", {Activation::gelu, true}},
      {"geglu_tanh", {Activation::gelu_tanh, true}},
      {"relu_squared", {Activation::relu_squared, false}},
  };
  const auto found = kinds.find(name);
  check_usage(found != kinds.end(),
              "activation '{}': expected relu, relu_squared, gelu, gelu_tanh, silu, swiglu, geglu "
              "or geglu_tanh",
              name);
  return found->second;
}

FeedForward::FeedForward(const FeedForwardConfig& config, const DropoutSite& dropout, Device device)
    : kind_(feed_forward_kind(config.activation)),
      dropout_(dropout),
      fc1_(kind_.gated ? static_cast<Linear>(FusedLinear(config.size, config.inner_size,
                                                         {"fc1", "fc1_up"}, device, config.bias))
                       : Linear(config.size, config.inner_size, device, config.bias)),
      fc2_(config.inner_size, config.size, device, config.bias) {}

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
