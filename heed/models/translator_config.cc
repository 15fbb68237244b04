#include "heed/models/translator_config.h"
#include "heed/base/error.h"

#include <fmt/format.h>

#include <cmath>

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

std::vector<std::string> language_model_attention_names(const TranslatorConfig& config) {
  std::vector<std::string> names;
  for (int i = 0; i < config.decoder_layers; ++i) {
    names.push_back(fmt::format("decoder.{}.self", i));
  }
  return names;
}

namespace {

// Four times as deep as any Transformer known to have been trained.
constexpr int layer_limit = 4096;

void check_layers(const char* key, int layers) {
  check_usage(layers > 0 && layers <= layer_limit, "model.{}: must be in 1 … {}, got {}", key,
              layer_limit, layers);
}

void check_output(const TranslatorConfig& config) {
  check_usage(config.tie_embeddings == "none" || config.tie_embeddings == "output" ||
                  config.tie_embeddings == "all",
              "model.tie_embeddings '{}': expected none, output or all", config.tie_embeddings);
  check_usage(std::isfinite(config.logit_scale) && config.logit_scale > 0,
              "model.logit_scale: must be positive, got {}", config.logit_scale);
  check_usage(std::isfinite(config.logit_soft_cap) && config.logit_soft_cap >= 0,
              "model.logit_soft_cap: must be positive, or 0 for none, got {}",
              config.logit_soft_cap);
}

}  // namespace

void check_translator_config(const TranslatorConfig& config) {
  check_layers("encoder_layers", config.encoder_layers);
  check_layers("decoder_layers", config.decoder_layers);
  check_stack_config(config, attention_names(config));
  check_output(config);
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

void check_language_model_config(const TranslatorConfig& config) {
  check_layers("decoder_layers", config.decoder_layers);
  check_stack_config(config, language_model_attention_names(config));
  check_output(config);
  check_usage(!config.position.cross,
              "model.position.cross: a language model has no cross-attention");
}

}  // namespace heed
