#include "heed/models/translator_config.h"

#include <algorithm>
#include <utility>

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

// `names`: the model's attentions.
void check_pruned_heads(const TranslatorConfig& config, const std::vector<std::string>& names) {
  for (const auto& [name, heads] : config.pruned_heads) {
    check_usage(std::find(names.begin(), names.end(), name) != names.end(),
                "model.pruned_heads: {}: the model has no such attention; its names run from {} to "
                "{}",
                name, names.front(), names.back());
    int least = 0;
    for (const int head : heads) {
      check_usage(head >= least && head < config.heads,
                  "model.pruned_heads: {}: expected heads from 0 to {} in ascending order, got {}",
                  name, config.heads - 1, head);
      least = head + 1;
    }
    check_usage(heads.size() < static_cast<std::size_t>(config.heads),
                "model.pruned_heads: {}: none of its {} heads would be left", name, config.heads);
  }
}

// Heads can be left out one by one where each has its own queries, keys and values of the usual
// size, and nothing else is laid out by heads.
void check_heads_stand_alone(const TranslatorConfig& config, const PositionScheme& scheme) {
  if (config.pruned_heads.empty()) {
    return;
  }
  const AttentionConfig& attention = config.attention;
  const auto expect = [](bool condition, const std::string& key, const char* reason) {
    check_usage(condition, "model.pruned_heads: not together with model.{}: {}", key, reason);
  };
  expect(attention.key_heads == 0 || attention.key_heads == config.heads, "attention.key_heads",
         "the heads of a group share their keys");
  expect(attention.key_size == 0 && attention.value_size == 0, "attention.key_size, value_size",
         "heads are cut at the model's size / heads");
  expect(!attention.talking_heads, "attention.talking_heads", "each head is made of all of them");
  expect((attention.kind == "dot" || attention.kind == "scaled_dot") && !attention.sinks,
         "attention.kind " + attention.kind + (attention.sinks ? " with sinks" : ""),
         "it has parameters per head besides the projections");
  expect(!scheme.queries_and_keys && !scheme.scores && !scheme.values,
         "position.kind " + scheme.kind, "it acts inside attention, on all heads of a stack alike");
}

void check_positions(const TranslatorConfig& config) {
  const PositionScheme scheme = position_scheme(config.position.kind);
  check_usage(!scheme.square_window,
              "model.position.kind {}: its biases are those of the cells of a square window, and "
              "sentences are lines of any length",
              scheme.kind);
  check_attention_positions(config.attention, scheme);
  check_heads_stand_alone(config, scheme);
}

void check_layers(const char* key, int layers) {
  check_usage(layers > 0 && layers <= layer_limit, "model.{}: must be in 1 … {}, got {}", key,
              layer_limit, layers);
}

// What holds for any stack of layers; `names`: the model's attentions.
void check_stack(const TranslatorConfig& config, const std::vector<std::string>& names) {
  const auto positive = [](const char* key, std::int64_t value) {
    check_usage(value > 0, "model.{}: must be positive, got {}", key, value);
  };
  const auto rate = [](const char* key, double value) {
    check_usage(value >= 0 && value < 1, "model.{}: must be in [0, 1), got {}", key, value);
  };
  positive("d_model", config.d_model);
  positive("heads", config.heads);
  positive("feed_forward_size", config.feed_forward_size);
  positive("max_length", config.max_length);
  check_usage(config.d_model % config.heads == 0,
              "model.d_model: {} is not divisible by model.heads {}", config.d_model, config.heads);
  check_pruned_heads(config, names);
  check_attention_config(config.attention, config.d_model, config.heads);
  check_positions(config);
  rate("dropout", config.dropout);
  rate("attention_dropout", config.attention_dropout);
  rate("activation_dropout", config.activation_dropout);
  check_usage(config.embedding_dropout == -1 ||
                  (config.embedding_dropout >= 0 && config.embedding_dropout < 1),
              "model.embedding_dropout: must be in [0, 1) or -1, got {}", config.embedding_dropout);
  check_usage(config.initial_gain > 0, "model.initial_gain: must be positive, got {}",
              config.initial_gain);
  check_usage(config.norm_epsilon > 0, "model.norm_epsilon: must be positive, got {}",
              config.norm_epsilon);
  check_usage(config.norm == "post" || config.norm == "pre",
              "model.norm '{}': expected post or pre", config.norm);
  check_usage(config.tie_embeddings == "none" || config.tie_embeddings == "output" ||
                  config.tie_embeddings == "all",
              "model.tie_embeddings '{}': expected none, output or all", config.tie_embeddings);
}

}  // namespace

void check_translator_config(const TranslatorConfig& config) {
  check_layers("encoder_layers", config.encoder_layers);
  check_layers("decoder_layers", config.decoder_layers);
  check_stack(config, attention_names(config));
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
  check_stack(config, language_model_attention_names(config));
  check_usage(!config.position.cross,
              "model.position.cross: a language model has no cross-attention");
}

}  // namespace heed
