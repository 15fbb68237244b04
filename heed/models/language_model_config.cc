#include "heed/models/language_model_config.h"

namespace heed {

void check_language_model_config(const LanguageModelConfig& config) {
  check_layer_count("layers", config.layers);
  check_stack_config(config, attentions_of(config));
  check_usage(config.tie_embeddings == "none" || config.tie_embeddings == "output",
              "model.tie_embeddings '{}': expected none or output", config.tie_embeddings);
  check_usage(config.value_embeddings >= 0 && 2 * config.value_embeddings <= config.layers,
              "model.value_embeddings: must be in 0 … {}, half the number of layers, got {}",
              config.layers / 2, config.value_embeddings);
  check_usage(config.value_embeddings == 0 || config.pruned_heads.empty(),
              "model.value_embeddings: not together with model.pruned_heads: the tables hold all "
              "heads");
  check_usage(config.initial_logits == "drawn" || config.tie_embeddings == "none",
              "model.initial_logits zero: needs model.tie_embeddings none, for embeddings that are "
              "all zero tell nothing apart");
  check_output_config(config);
  check_usage(!config.position.cross,
              "model.position.cross: a language model has no cross-attention");
}

std::vector<AttentionPlace> attentions_of(const LanguageModelConfig& config) {
  std::vector<AttentionPlace> result;
  for (int i = 0; i < config.layers; ++i) {
    result.push_back({.stack = "decoder", .layer = i});
  }
  return result;
}

}  // namespace heed
