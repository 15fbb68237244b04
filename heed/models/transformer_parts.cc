#include "heed/models/transformer_parts.h"

#include <cmath>

#include "heed/ops/embedding.h"

namespace heed {

LayerConfig layer_config(const TranslatorConfig& config) {
  return {.size = config.d_model,
          .feed_forward_size = config.feed_forward_size,
          .heads = config.heads,
          .activation = config.activation,
          .pre_norm = config.norm == "pre",
          .norm_epsilon = config.norm_epsilon,
          .dropout = config.dropout,
          .attention_dropout = config.attention_dropout,
          .activation_dropout = config.activation_dropout,
          .pruned_heads = config.pruned_heads,
          .attention = config.attention};
}

PositionScope position_scope(const TranslatorConfig& config, int layers, bool causal,
                             Device device) {
  const AttentionScope attention = attention_scope(config.attention, config.d_model, config.heads);
  return {.size = config.d_model,
          .heads = attention.heads,
          .key_heads = attention.key_heads,
          .head_size = attention.key_size,
          .value_size = attention.value_size,
          .layers = layers,
          .longest = config.max_length,
          .causal = causal,
          .device = device};
}

Parameter embedding_table(std::int64_t rows, std::int64_t size, std::int32_t padding_id,
                          Device device) {
  Parameter table({rows, size}, Initial::embedding, false, device);
  table.zero_row = padding_id;
  return table;
}

void set_initial_gain(Module& module, double gain) {
  for (const NamedParameter& item : parameters_of(module)) {
    if (item.parameter->initial == Initial::xavier) {
      item.parameter->gain = gain;
    }
  }
}

DropoutSite embedding_dropout(const TranslatorConfig& config, const std::string& stack) {
  return {stack + ".embeddings",
          config.embedding_dropout < 0 ? config.dropout : config.embedding_dropout};
}

Tensor embed_tokens(const TranslatorConfig& config, const Tensor& ids, const Sequences& sequences,
                    std::int64_t length, const Parameter& table, std::int32_t padding_id,
                    const PositionEncoding& positions, const DropoutSite& dropout,
                    ForwardContext& context) {
  check_data(length <= config.max_length,
             "a sequence of {} tokens: the model takes at most {} (model.max_length)", length,
             config.max_length);
  const float scale = config.scale_embeddings
                          ? static_cast<float>(std::sqrt(static_cast<double>(config.d_model)))
                          : 1.0f;
  return ops::embed(ids, table.value, scale, sequences.positions, positions.table(length),
                    context.dropout(dropout, sequences.row_keys), padding_id);
}

}  // namespace heed
