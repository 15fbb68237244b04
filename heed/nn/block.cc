#include "heed/nn/block.h"
#include "heed/base/error.h"

#include <fmt/format.h>

#include <cmath>

namespace heed {

namespace {

std::string name_of(const BlockPlace& place, const char* sublayer) {
  return fmt::format("{}.{}.{}", place.stack, place.layer, sublayer);
}

// An attention of a block, without its pruned heads.
AttentionScope scope_of(const StackConfig& config, const BlockPlace& place, bool cross,
                        Device device) {
  AttentionScope scope = attention_scope(config.attention, config.d_model, config.heads);
  scope.place = {.stack = place.stack, .layer = place.layer, .cross = cross};
  scope.dropout = config.attention_dropout;
  scope.causal = !cross && place.causal;
  scope.mixes_values = !cross && place.mixes_values;
  scope.device = device;
  if (const auto pruned = config.pruned_heads.find(scope.place.name());
      pruned != config.pruned_heads.end()) {
    check_usage(scope.key_heads == scope.heads,
                "{}: heads cannot be left out one by one where they share keys",
                scope.place.name());
    scope.heads -= static_cast<int>(pruned->second.size());
    scope.key_heads = scope.heads;
  }
  return scope;
}

FeedForwardConfig feed_forward_config(const StackConfig& config) {
  return {.size = config.d_model,
          .inner_size = config.feed_forward_size,
          .activation = config.activation,
          .bias = config.feed_forward_bias};
}

// The last map of each sublayer adds to a sum over all sublayers of the stack.
double branch_gain(const StackConfig& config, const BlockPlace& place) {
  const int sublayers = place.layers * (place.cross ? 3 : 2);
  return config.initial_by_depth ? 1 / std::sqrt(static_cast<double>(sublayers)) : 1;
}

// From 0 at the first layer to the configured share at the last (Huang et al., 2016, section 3).
double skipping_of(const StackConfig& config, const BlockPlace& place) {
  const double depth =
      place.layers > 1 ? static_cast<double>(place.layer) / (place.layers - 1) : 1.0;
  return config.stochastic_depth * depth;
}

}  // namespace

Block::Block(const StackConfig& config, const BlockPlace& place, Device device)
    : parallel_(config.sublayers != "sequential"),
      shares_norm_(config.sublayers == "parallel_one_norm"),
      self_attention_(attention_of_layer(config.attention, place.layer),
                      scope_of(config, place, false, device)),
      self_connection_(config, name_of(place, "self"), skipping_of(config, place), device),
      feed_forward_(feed_forward_config(config),
                    DropoutSite(name_of(place, "feed_forward.inner"), config.activation_dropout),
                    device),
      feed_forward_connection_(config, name_of(place, "feed_forward"), skipping_of(config, place),
                               device, !shares_norm_) {
  const auto begin_branch = [&](Parameter& last_map) {
    last_map.gain = branch_gain(config, place);
    if (config.initial_branches == "zero") {
      last_map.initial = Initial::zeros;
    }
  };
  begin_branch(self_attention_.output().weight);
  begin_branch(feed_forward_.output().weight);
  if (place.cross) {
    check_usage(!parallel_,
                "sublayers {}: a block with cross-attention takes its sublayers one by one",
                config.sublayers);
    cross_attention_.emplace(attention_of_layer(config.attention, place.layer),
                             scope_of(config, place, true, device));
    begin_branch(cross_attention_->output().weight);
    cross_connection_.emplace(config, name_of(place, "cross"), skipping_of(config, place), device);
  }
  set_initial(*this, config, config.initial_gain);
}

Tensor Block::forward(const Tensor& x, const Sequences& sequences, ForwardContext& context,
                      const StackPositions& positions, const Tensor& values) const {
  return step(x, sequences, context, [&](const Tensor& input) {
    return self_attention_.forward(input, sequences, positions.self, context, values);
  });
}

Tensor Block::forward(const Tensor& x, const Sequences& sequences, const Tensor& memory,
                      const Sequences& memory_sequences, ForwardContext& context,
                      const StackPositions& positions) const {
  return step(
      x, sequences, context,
      [&](const Tensor& input) {
        return self_attention_.forward(input, sequences, positions.self, context);
      },
      [&](const Tensor& input) {
        return cross_attention_->forward(input, sequences, memory, memory_sequences,
                                         positions.cross, context);
      });
}

void Block::visit(ParameterVisitor& visitor) {
  visitor.module("self_attn", self_attention_);
  self_connection_.visit(visitor, "self_attn");
  if (cross_attention_) {
    visitor.module("encoder_attn", *cross_attention_);
    cross_connection_->visit(visitor, "encoder_attn");
  }
  feed_forward_.visit(visitor);
  feed_forward_connection_.visit(visitor, "final");
}

}  // namespace heed
