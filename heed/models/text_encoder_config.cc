#include "heed/models/text_encoder_config.h"

#include <algorithm>

#include "heed/base/error.h"

namespace heed {

TextEncoderConfig::TextEncoderConfig() {
  d_model = 768;
  heads = 12;
  feed_forward_size = 3072;
  activation = "gelu";
  norm_epsilon = 1e-12;
  initial = "normal";
  attention_dropout = 0.1;
  scale_embeddings = false;
  embedding_norm = true;
  position.kind = "learned";
}

void check_text_encoder_config(const TextEncoderConfig& config) {
  check_layer_count("layers", config.layers);
  check_stack_config(config, attentions_of(config));
  constexpr int most_segments = 1 << 16;
  check_usage(config.segments >= 0 && config.segments <= most_segments,
              "model.segments: must be in 0 … {}, got {}", most_segments, config.segments);
  check_usage(config.embedding_size >= 0, "model.embedding_size: must be positive, or 0, got {}",
              config.embedding_size);
  check_usage(config.pooler == "none" || config.pooler == "tanh" || config.pooler == "relu" ||
                  config.pooler == "gelu",
              "model.pooler '{}': expected none, tanh, relu or gelu", config.pooler);
  check_usage(config.tie_embeddings == "none" || config.tie_embeddings == "output",
              "model.tie_embeddings '{}': expected none or output", config.tie_embeddings);
  check_usage(config.initial_logits == "drawn" || config.tie_embeddings == "none",
              "model.initial_logits zero: needs model.tie_embeddings none, for embeddings that are "
              "all zero tell nothing apart");
  check_usage(!config.position.cross, "model.position.cross: an encoder has no cross-attention");
  check_usage(config.attention.topology != "prefix",
              "model.attention.topology prefix: every token of an encoder sees both sides already");
}

std::vector<AttentionPlace> attentions_of(const TextEncoderConfig& config) {
  std::vector<AttentionPlace> result;
  for (int i = 0; i < config.layers; ++i) {
    result.push_back({.stack = "encoder", .layer = i});
  }
  return result;
}

int embedding_width(const TextEncoderConfig& config) {
  return config.embedding_size > 0 ? config.embedding_size : config.d_model;
}

}  // namespace heed
