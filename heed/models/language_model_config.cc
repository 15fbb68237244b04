#include "heed/models/language_model_config.h"

namespace heed {

void check_language_model_config(const LanguageModelConfig& config) {
  check_layer_count("layers", config.layers);
  check_stack_config(config, attentions_of(config));
  check_usage(config.tie_embeddings == "none" || config.tie_embeddings == "output",
              "model.tie_embeddings '{}': expected none or output", config.tie_embeddings);
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
