#include "heed/models/translator_config.h"
#include "heed/base/error.h"

#include <fmt/format.h>

namespace heed {

std::vector<AttentionPlace> attentions_of(const TranslatorConfig& config) {
  std::vector<AttentionPlace> result;
  for (int i = 0; i < config.encoder_layers; ++i) {
    result.push_back({.stack = "encoder", .layer = i});
  }
  for (int i = 0; i < config.decoder_layers; ++i) {
    result.push_back({.stack = "decoder", .layer = i});
    result.push_back({.stack = "decoder", .layer = i, .cross = true});
  }
  return result;
}

void check_translator_config(const TranslatorConfig& config) {
  check_layer_count("encoder_layers", config.encoder_layers);
  check_layer_count("decoder_layers", config.decoder_layers);
  check_stack_config(config, attentions_of(config));
  check_usage(
      config.tie_embeddings == "output" || shares_embeddings(config) || has_own_output(config),
      "model.tie_embeddings '{}': expected none, output, all or inputs", config.tie_embeddings);
  check_usage(
      config.initial_logits == "drawn" || has_own_output(config),
      "model.initial_logits zero: needs model.tie_embeddings none or inputs, for embeddings "
      "that are all zero tell nothing apart");
  check_output_config(config);
  check_usage(
      config.sublayers == "sequential",
      "model.sublayers {}: is for language models; a decoder with cross-attention takes its "
      "sublayers one by one",
      config.sublayers);
  check_usage(config.attention.topology != "prefix",
              "model.attention.topology prefix: is for language models; a translator sees its "
              "source whole and its target from left to right");
  const PositionScheme scheme = position_scheme(config.position.kind);
  check_usage(!config.position.cross || scheme.queries_and_keys || scheme.scores || scheme.values,
              "model.position.cross: position.kind {} acts on embeddings, not inside attention",
              scheme.kind);
}

}  // namespace heed
