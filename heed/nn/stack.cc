#include "heed/nn/stack.h"

#include <fmt/format.h>

namespace heed {

namespace {

// `windows`: those that self-attention has.
std::unique_ptr<PositionEncoding> make_positions(const StackConfig& config, int layers, bool causal,
                                                 bool windows, Device device) {
  std::vector<bool> windowed;
  for (int layer = 0; windows && layer < layers; ++layer) {
    windowed.push_back(has_window(config.attention, layer));
  }
  const AttentionScope attention = attention_scope(config.attention, config.d_model, config.heads);
  auto positions = make_position_encoding(config.position, {.size = config.d_model,
                                                            .heads = attention.heads,
                                                            .key_heads = attention.key_heads,
                                                            .head_size = attention.key_size,
                                                            .value_size = attention.value_size,
                                                            .layers = layers,
                                                            .longest = config.max_length,
                                                            .causal = causal,
                                                            .windowed = windowed,
                                                            .device = device});
  set_initial(*positions, config);
  return positions;
}

}  // namespace

Stack::Stack(const StackConfig& config, const StackPlace& place, Device device)
    : self_positions_(make_positions(config, place.layers, place.causal, true, device)) {
  if (place.cross && config.position.cross) {
    cross_positions_ = make_positions(config, place.layers, false, false, device);
  }
  for (int layer = 0; layer < place.layers; ++layer) {
    blocks_.emplace_back(config,
                         BlockPlace{.stack = place.name,
                                    .layer = layer,
                                    .layers = place.layers,
                                    .causal = place.causal,
                                    .cross = place.cross},
                         device);
  }
  if (has_final_norm(config)) {
    norm_.emplace(norm_config(config), config.d_model, device);
  }
}

Tensor Stack::forward(const Tensor& x, const Sequences& rows, ForwardContext& context) const {
  Tensor y = x;
  for (const Block& block : blocks_) {
    y = block.forward(y, rows, context, attention_positions());
  }
  return finish(y);
}

Tensor Stack::forward(const Tensor& x, const Sequences& rows, const Tensor& memory,
                      const Sequences& memory_rows, ForwardContext& context) const {
  Tensor y = x;
  for (const Block& block : blocks_) {
    y = block.forward(y, rows, memory, memory_rows, context, attention_positions());
  }
  return finish(y);
}

void Stack::visit(ParameterVisitor& visitor) {
  visitor.module("embed_positions", *self_positions_);
  if (cross_positions_) {
    visitor.module("encoder_attn_positions", *cross_positions_);
  }
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    visitor.module(fmt::format("layers.{}", i), blocks_[i]);
  }
  if (norm_) {
    visitor.module("layer_norm", *norm_);
  }
}

}  // namespace heed
