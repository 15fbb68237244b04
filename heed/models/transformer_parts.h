// What the Transformers of this folder are made of alike.
#pragma once

#include <vector>

#include "heed/models/translator_config.h"
#include "heed/nn/module.h"
#include "heed/nn/sequences.h"

namespace heed {

LayerConfig layer_config(const TranslatorConfig& config);

// The self-attentions of a stack; `causal`: those of a decoder.
PositionScope position_scope(const TranslatorConfig& config, int layers, bool causal,
                             Device device);

// The padding of a vocabulary in which no piece is one.
inline constexpr std::int32_t no_padding = -1;

// A row per piece; that of `padding_id` stays zero.
Parameter embedding_table(std::int64_t rows, std::int64_t size, std::int32_t padding_id,
                          Device device);

// Scales the bounds of all weights of a layer.
void set_initial_gain(Module& module, double gain);

// The dropout on the embeddings of a stack, "encoder" or "decoder".
DropoutSite embedding_dropout(const TranslatorConfig& config, const std::string& stack);

// ids: int32 [tokens] → [tokens, d]: embeddings with positions, scaled as `config` says and dropped
// out. `length` bounds the positions. Errors (bad_data): it exceeds max_length.
Tensor embed_tokens(const TranslatorConfig& config, const Tensor& ids, const Sequences& sequences,
                    std::int64_t length, const Parameter& table, std::int32_t padding_id,
                    const PositionEncoding& positions, const DropoutSite& dropout,
                    ForwardContext& context);

}  // namespace heed
