#include "heed/nn/encoder_decoder.h"

#include "heed/ops/normalization.h"

namespace heed {

SublayerConnection::SublayerConnection(const LayerConfig& config, const std::string& name,
                                       Device device)
    : norm_(config.size, config.norm_epsilon, device),
      pre_norm_(config.pre_norm),
      dropout_(name + ".output", config.dropout) {}

Tensor SublayerConnection::add(const Tensor& x, const Tensor& branch, const DropoutStream& stream) {
  return ops::residual_add(x, branch, stream);
}

namespace {

const char* stack_of(bool causal) {
  return causal ? "decoder" : "encoder";
}

std::string sublayer_name(const char* stack, int index, const char* sublayer) {
  return fmt::format("{}.{}.{}", stack, index, sublayer);
}

FeedForward feed_forward_of(const LayerConfig& config, const std::string& name, Device device) {
  return {config.size, config.feed_forward_size, config.activation,
          DropoutSite(name + ".inner", config.activation_dropout), device};
}

// An attention of layer `index`, without its pruned heads.
AttentionScope scope_of(const LayerConfig& config, const char* stack, int index, bool cross,
                        Device device) {
  AttentionScope scope = attention_scope(config.attention, config.size, config.heads);
  scope.name = sublayer_name(stack, index, cross ? "cross" : "self");
  scope.dropout = config.attention_dropout;
  scope.layer = index;
  scope.causal = !cross && std::string_view(stack) == "decoder";
  scope.cross = cross;
  scope.device = device;
  if (const auto pruned = config.pruned_heads.find(scope.name);
      pruned != config.pruned_heads.end()) {
    check_usage(scope.key_heads == scope.heads,
                "{}: heads cannot be left out one by one where they share keys", scope.name);
    scope.heads -= static_cast<int>(pruned->second.size());
    scope.key_heads = scope.heads;
  }
  return scope;
}

}  // namespace

EncoderLayer::EncoderLayer(const LayerConfig& config, int index, Device device, bool causal)
    : self_attention_(config.attention, scope_of(config, stack_of(causal), index, false, device)),
      self_attention_connection_(config, sublayer_name(stack_of(causal), index, "self"), device),
      feed_forward_(
          feed_forward_of(config, sublayer_name(stack_of(causal), index, "feed_forward"), device)),
      feed_forward_connection_(config, sublayer_name(stack_of(causal), index, "feed_forward"),
                               device) {}

Tensor EncoderLayer::forward(const Tensor& x, const Sequences& sequences, ForwardContext& context,
                             const StackPositions& positions) const {
  return step(x, sequences, context, [&](const Tensor& input) {
    return self_attention_.forward(input, sequences, positions.self, context);
  });
}

void EncoderLayer::visit(ParameterVisitor& visitor) {
  visitor.module("self_attn", self_attention_);
  visitor.module("self_attn_layer_norm", self_attention_connection_);
  feed_forward_.visit(visitor);
  visitor.module("final_layer_norm", feed_forward_connection_);
}

DecoderLayer::DecoderLayer(const LayerConfig& config, int index, Device device)
    : self_attention_(config.attention, scope_of(config, "decoder", index, false, device)),
      self_attention_connection_(config, sublayer_name("decoder", index, "self"), device),
      cross_attention_(config.attention, scope_of(config, "decoder", index, true, device)),
      cross_attention_connection_(config, sublayer_name("decoder", index, "cross"), device),
      feed_forward_(
          feed_forward_of(config, sublayer_name("decoder", index, "feed_forward"), device)),
      feed_forward_connection_(config, sublayer_name("decoder", index, "feed_forward"), device) {}

Tensor DecoderLayer::forward(const Tensor& x, const Sequences& sequences, const Tensor& memory,
                             const Sequences& memory_sequences, ForwardContext& context,
                             const StackPositions& positions) const {
  return step(
      x, sequences, context,
      [&](const Tensor& input) {
        return self_attention_.forward(input, sequences, positions.self, context);
      },
      [&](const Tensor& input) {
        return cross_attention_.forward(input, sequences, memory, memory_sequences, positions.cross,
                                        context);
      });
}

void DecoderLayer::visit(ParameterVisitor& visitor) {
  visitor.module("self_attn", self_attention_);
  visitor.module("self_attn_layer_norm", self_attention_connection_);
  visitor.module("encoder_attn", cross_attention_);
  visitor.module("encoder_attn_layer_norm", cross_attention_connection_);
  feed_forward_.visit(visitor);
  visitor.module("final_layer_norm", feed_forward_connection_);
}

}  // namespace heed
