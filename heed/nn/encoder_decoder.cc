#include "heed/nn/encoder_decoder.h"

#include "heed/ops/normalization.h"

namespace heed {

SublayerConnection::SublayerConnection(const LayerConfig& config, Device device)
    : norm_(config.size, config.norm_epsilon, device),
      pre_norm_(config.pre_norm),
      dropout_(config.dropout) {}

Tensor SublayerConnection::add(const Tensor& x, const Tensor& branch, const DropoutStream& stream) {
  return ops::residual_add(x, branch, stream);
}

namespace {

// The attention of that name, without its pruned heads.
AttentionConfig attention_config(const LayerConfig& config, const std::string& name) {
  const auto pruned = config.pruned_heads.find(name);
  const bool whole = pruned == config.pruned_heads.end();
  return {.heads = config.heads - (whole ? 0 : static_cast<int>(pruned->second.size())),
          .dropout = config.attention_dropout,
          .head_size = whole ? 0 : config.size / config.heads};
}

std::string attention_name(const char* stack, int index, const char* kind) {
  return fmt::format("{}.{}.{}", stack, index, kind);
}

}  // namespace

EncoderLayer::EncoderLayer(const LayerConfig& config, int index, Device device)
    : self_attention_(config.size,
                      attention_config(config, attention_name("encoder", index, "self")), false,
                      attention_name("encoder", index, "self"), device),
      self_attention_connection_(config, device),
      feed_forward_(config.size, config.feed_forward_size, config.activation,
                    config.activation_dropout, device),
      feed_forward_connection_(config, device) {}

Tensor EncoderLayer::forward(const Tensor& x, const Sequences& sequences,
                             ForwardContext& context) const {
  const Tensor y = self_attention_connection_.forward(
      x, sequences, context,
      [&](const Tensor& input) { return self_attention_.forward(input, sequences, context); });
  return feed_forward_connection_.forward(y, sequences, context, [&](const Tensor& input) {
    return feed_forward_.forward(input, sequences, context);
  });
}

void EncoderLayer::visit(ParameterVisitor& visitor) {
  visitor.module("self_attn", self_attention_);
  visitor.module("self_attn_layer_norm", self_attention_connection_);
  feed_forward_.visit(visitor);
  visitor.module("final_layer_norm", feed_forward_connection_);
}

DecoderLayer::DecoderLayer(const LayerConfig& config, int index, Device device)
    : self_attention_(config.size,
                      attention_config(config, attention_name("decoder", index, "self")), true,
                      attention_name("decoder", index, "self"), device),
      self_attention_connection_(config, device),
      cross_attention_(config.size,
                       attention_config(config, attention_name("decoder", index, "cross")),
                       attention_name("decoder", index, "cross"), device),
      cross_attention_connection_(config, device),
      feed_forward_(config.size, config.feed_forward_size, config.activation,
                    config.activation_dropout, device),
      feed_forward_connection_(config, device) {}

Tensor DecoderLayer::forward(const Tensor& x, const Sequences& sequences, const Tensor& memory,
                             const Sequences& memory_sequences, ForwardContext& context) const {
  return step(
      x, sequences, context,
      [&](const Tensor& input) { return self_attention_.forward(input, sequences, context); },
      [&](const Tensor& input) {
        return cross_attention_.forward(input, sequences, memory, memory_sequences, context);
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
