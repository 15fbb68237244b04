#include "heed/models/translator_config.h"
#include "heed/base/error.h"

#include <fmt/format.h>

namespace heed {

std::vector<std::string> attention_names(const TranslatorConfig& config) {
  std::vector<std::string> names;
  for (int i = 0; i < config.encoder_layers; ++i) {
    names.push_back(fmt::format("encoder.{}.self", i));
  }
  for (int i = 0; i < config.decoder_layers; ++i) {
    names.push_back(fmt::format("decoder.{}.self", i));
    names.push_back(fmt::format("decoder.{}.cross", i));
  }
  return names;
}

void check_translator_config(const TranslatorConfig& config) {
  check_layer_count("encoder_layers", config.encoder_layers);
  check_layer_count("decoder_layers", config.decoder_layers);
  check_stack_config(config, attention_names(config));
  check_usage(config.tie_embeddings == "none" || config.tie_embeddings == "output" ||
                  config.tie_embeddings == "all",
              "model.tie_embeddings '{}': expected none, output or all", config.tie_embeddings);
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
