#include "heed/nn/stack.h"

#include <fmt/format.h>

#include "heed/ops/elementwise.h"
#include "heed/ops/rows.h"

namespace heed {

namespace {

// `windows`: those that self-attention has.
std::unique_ptr<PositionEncoding> make_positions(const StackConfig& config, const StackPlace& place,
                                                 bool causal, bool windows, Device device) {
  std::vector<bool> windowed;
  for (int layer = 0; windows && layer < place.layers; ++layer) {
    windowed.push_back(has_window(config.attention, layer));
  }
  const AttentionScope attention = attention_scope(config.attention, config.d_model, config.heads);
  const std::int64_t width = place.embedding_width > 0 ? place.embedding_width : config.d_model;
  auto positions = make_position_encoding(config.position, {.size = width,
                                                            .heads = attention.heads,
                                                            .key_heads = attention.key_heads,
                                                            .head_size = attention.key_size,
                                                            .value_size = attention.value_size,
                                                            .layers = place.layers,
                                                            .longest = config.max_length,
                                                            .causal = causal,
                                                            .windowed = windowed,
                                                            .device = device});
  set_initial(*positions, config);
  return positions;
}

}  // namespace

Stack::Stack(const StackConfig& config, const StackPlace& place, Device device)
    : self_positions_(make_positions(config, place, place.causal, true, device)) {
  if (place.cross && config.position.cross) {
    cross_positions_ = make_positions(config, place, false, false, device);
  }
  for (int layer = 0; layer < place.layers; ++layer) {
    blocks_.emplace_back(
        config,
        BlockPlace{
            .stack = place.name,
            .layer = layer,
            .layers = place.layers,
            .causal = place.causal,
            .cross = place.cross,
            .mixes_values = value_table_of(layer, place.layers, place.value_tables).has_value()},
        device);
  }
  for (int i = 0; config.skips && i < place.layers / 2; ++i) {
    skip_factors_.emplace_back(Shape({1}), Initial::ones, false, device);
  }
  if (has_final_norm(config)) {
    norm_.emplace(norm_config(config), config.d_model, device);
  }
}

Tensor Stack::join(const Tensor& x, const Tensor& given, std::size_t from) const {
  return ops::add(x, ops::scale_columns(given, skip_factors_[from].value));
}

Tensor Stack::forward(const Tensor& x, const Sequences& rows, ForwardContext& context,
                      const LayerValues& values) const {
  return finish(through(x, [&](std::size_t i, const Block& block, const Tensor& y) {
    return block.forward(y, rows, context, attention_positions(),
                         values.empty() ? Tensor() : values[i]);
  }));
}

Tensor Stack::forward(const Tensor& x, const Sequences& rows, const Tensor& memory,
                      const Sequences& memory_rows, ForwardContext& context) const {
  return finish(through(x, [&](std::size_t, const Block& block, const Tensor& y) {
    return block.forward(y, rows, memory, memory_rows, context, attention_positions());
  }));
}

void Stack::visit(ParameterVisitor& visitor) {
  visitor.module("embed_positions", *self_positions_);
  if (cross_positions_) {
    visitor.module("encoder_attn_positions", *cross_positions_);
  }
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    visitor.module(fmt::format("layers.{}", i), blocks_[i]);
  }
  for (std::size_t i = 0; i < skip_factors_.size(); ++i) {
    visitor.parameter(fmt::format("skips.{}", i), skip_factors_[i]);
  }
  if (norm_) {
    visitor.module("layer_norm", *norm_);
  }
}

}  // namespace heed
