#include "heed/models/translator.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "heed/models/translator_session.h"
#include "heed/ops/embedding.h"
#include "heed/ops/linear.h"

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

namespace {

// Four times as deep as any Transformer known to have been trained.
constexpr int layer_limit = 4096;

void check_pruned_heads(const TranslatorConfig& config) {
  const std::vector<std::string> names = attention_names(config);
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
  check_usage(!config.position.cross || scheme.queries_and_keys || scheme.scores || scheme.values,
              "model.position.cross: position.kind {} acts on embeddings, not inside attention",
              scheme.kind);
  check_attention_positions(config.attention, scheme);
  check_heads_stand_alone(config, scheme);
}

}  // namespace

void check_translator_config(const TranslatorConfig& config) {
  const auto positive = [](const char* key, std::int64_t value) {
    check_usage(value > 0, "model.{}: must be positive, got {}", key, value);
  };
  const auto rate = [](const char* key, double value) {
    check_usage(value >= 0 && value < 1, "model.{}: must be in [0, 1), got {}", key, value);
  };
  positive("d_model", config.d_model);
  for (const auto& [key, layers] : {std::pair("encoder_layers", config.encoder_layers),
                                    std::pair("decoder_layers", config.decoder_layers)}) {
    check_usage(layers > 0 && layers <= layer_limit, "model.{}: must be in 1 … {}, got {}", key,
                layer_limit, layers);
  }
  positive("heads", config.heads);
  positive("feed_forward_size", config.feed_forward_size);
  positive("max_length", config.max_length);
  check_usage(config.d_model % config.heads == 0,
              "model.d_model: {} is not divisible by model.heads {}", config.d_model, config.heads);
  check_pruned_heads(config);
  check_attention_config(config.attention, config.d_model, config.heads);
  check_usage(config.attention.topology != "prefix",
              "model.attention.topology prefix: is for language models; a translator sees its "
              "source whole and its target from left to right");
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

namespace {

void check_vocabulary(const TranslatorConfig& config, const TranslatorVocabulary& vocabulary) {
  check_usage(config.tie_embeddings != "all" || vocabulary.source_size == vocabulary.target_size,
              "model.tie_embeddings: all needs one joint vocabulary, but the source has {} pieces "
              "and the target {}; use output or none, or tokenizer.joint",
              vocabulary.source_size, vocabulary.target_size);
  check_usage(vocabulary.padding_id >= 0 && vocabulary.padding_id < vocabulary.source_size &&
                  vocabulary.padding_id < vocabulary.target_size,
              "vocabulary: padding id {} outside the vocabularies of {} and {}",
              vocabulary.padding_id, vocabulary.source_size, vocabulary.target_size);
}

void set_initial_gain(Module& module, double gain) {
  for (const NamedParameter& item : parameters_of(module)) {
    if (item.parameter->initial == Initial::xavier) {
      item.parameter->gain = gain;
    }
  }
}

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

// The self-attentions of the encoder.
PositionScope position_scope(const TranslatorConfig& config, Device device) {
  const AttentionScope attention = attention_scope(config.attention, config.d_model, config.heads);
  return {.size = config.d_model,
          .heads = attention.heads,
          .key_heads = attention.key_heads,
          .head_size = attention.key_size,
          .value_size = attention.value_size,
          .layers = config.encoder_layers,
          .longest = config.max_length,
          .causal = false,
          .device = device};
}

Parameter embedding_table(std::int64_t rows, std::int64_t size, std::int32_t padding_id,
                          Device device) {
  Parameter table({rows, size}, Initial::embedding, false, device);
  table.zero_row = padding_id;
  return table;
}

}  // namespace

Translator::Translator(const TranslatorConfig& config, const TranslatorVocabulary& vocabulary,
                       Device device)
    : config_(config), vocabulary_(vocabulary) {
  check_translator_config(config);
  check_vocabulary(config, vocabulary);
  const std::int64_t size = config.d_model;
  source_embedding_ = embedding_table(vocabulary.source_size, size, vocabulary.padding_id, device);
  target_embedding_ =
      config.tie_embeddings == "all"
          ? source_embedding_
          : embedding_table(vocabulary.target_size, size, vocabulary.padding_id, device);
  output_weight_ = config.tie_embeddings == "none"
                       ? Parameter({vocabulary.target_size, size}, Initial::xavier, true, device)
                       : target_embedding_;
  output_bias_ = Parameter({1, vocabulary.target_size}, Initial::zeros, false, device);
  PositionScope scope = position_scope(config, device);
  source_positions_ = make_position_encoding(config.position, scope);
  scope.layers = config.decoder_layers;
  if (config.position.cross) {
    cross_positions_ = make_position_encoding(config.position, scope);
  }
  scope.causal = true;
  target_positions_ = make_position_encoding(config.position, scope);
  const LayerConfig layer = layer_config(config);
  for (int i = 0; i < config.encoder_layers; ++i) {
    encoder_.emplace_back(layer, i, device);
  }
  for (int i = 0; i < config.decoder_layers; ++i) {
    decoder_.emplace_back(layer, i, device);
  }
  if (layer.pre_norm) {
    encoder_norm_ = std::make_unique<LayerNorm>(size, config.norm_epsilon, device);
    decoder_norm_ = std::make_unique<LayerNorm>(size, config.norm_epsilon, device);
  }
  for (EncoderLayer& item : encoder_) {
    set_initial_gain(item, config.initial_gain);
  }
  for (DecoderLayer& item : decoder_) {
    set_initial_gain(item, config.initial_gain);
  }
  initialize_parameters(*this, 0);
}

Tensor Translator::embed(const Tensor& ids, const Sequences& sequences, std::int64_t length,
                         const Parameter& table, const PositionEncoding& positions,
                         ForwardContext& context) const {
  check_data(length <= config_.max_length,
             "a sequence of {} tokens: the model takes at most {} (model.max_length)", length,
             config_.max_length);
  const double rate = config_.embedding_dropout < 0 ? config_.dropout : config_.embedding_dropout;
  const float scale = config_.scale_embeddings
                          ? static_cast<float>(std::sqrt(static_cast<double>(config_.d_model)))
                          : 1.0f;
  return ops::embed(ids, table.value, scale, sequences.positions, positions.table(length),
                    context.dropout(rate, sequences.row_keys), vocabulary_.padding_id);
}

Tensor Translator::embed_step(const Tensor& ids, const Sequences& rows, std::int64_t length,
                              ForwardContext& context) const {
  return embed(ids, rows, length, target_embedding_, *target_positions_, context);
}

Tensor Translator::encode(const Tensor& source_ids, const Sequences& source,
                          ForwardContext& context) const {
  Tensor x =
      embed(source_ids, source, source.longest(), source_embedding_, *source_positions_, context);
  for (const EncoderLayer& layer : encoder_) {
    x = layer.forward(x, source, context, {.self = source_positions_.get()});
  }
  return encoder_norm_ ? encoder_norm_->forward(x) : x;
}

Tensor Translator::decode(const Tensor& target_inputs, const Sequences& target,
                          const Tensor& memory, const Sequences& source,
                          ForwardContext& context) const {
  Tensor x = embed(target_inputs, target, target.longest(), target_embedding_, *target_positions_,
                   context);
  for (const DecoderLayer& layer : decoder_) {
    x = layer.forward(x, target, memory, source, context, decoder_positions());
  }
  return decoder_norm_ ? decoder_norm_->forward(x) : x;
}

Tensor Translator::logits(const Tensor& decoded, ForwardContext& context) const {
  return ops::linear(decoded, output_weight_.value, output_bias_.value, context.precision);
}

ops::CrossEntropyResult Translator::loss(const TranslationExamples& examples,
                                         const ops::CrossEntropyOptions& options,
                                         ForwardContext& context) const {
  const Tensor memory = encode(examples.source_ids, examples.source, context);
  const Tensor decoded =
      decode(examples.target_inputs, examples.target, memory, examples.source, context);
  return ops::projection_cross_entropy(decoded, output_weight_.value, output_bias_.value,
                                       examples.target_outputs, options);
}

std::vector<double> Translator::log_probabilities(const TranslationExamples& examples,
                                                  ForwardContext& context) const {
  const NoGradientScope no_gradients;
  const Tensor memory = encode(examples.source_ids, examples.source, context);
  const Tensor decoded =
      decode(examples.target_inputs, examples.target, memory, examples.source, context);
  const std::vector<double> tokens = ops::projection_log_probabilities(
      decoded, output_weight_.value, output_bias_.value, examples.target_outputs);
  std::vector<double> result;
  for (std::size_t s = 0; s + 1 < examples.target.offsets.size(); ++s) {
    double sum = 0;
    for (std::int32_t row = examples.target.offsets[s]; row < examples.target.offsets[s + 1];
         ++row) {
      sum += tokens[static_cast<std::size_t>(row)];
    }
    result.push_back(sum);
  }
  return result;
}

std::unique_ptr<DecodingSession> Translator::start_decoding(const Tensor& source_ids,
                                                            const Sequences& source,
                                                            MatmulPrecision precision) const {
  return std::make_unique<TranslatorSession>(*this, source_ids, source, precision);
}

void Translator::visit(ParameterVisitor& visitor) {
  if (config_.tie_embeddings == "all") {
    visitor.parameter("model.shared.weight", source_embedding_);
  } else {
    visitor.parameter("model.encoder.embed_tokens.weight", source_embedding_);
    visitor.parameter("model.decoder.embed_tokens.weight", target_embedding_);
  }
  visitor.module("model.encoder.embed_positions", *source_positions_);
  for (std::size_t i = 0; i < encoder_.size(); ++i) {
    visitor.module(fmt::format("model.encoder.layers.{}", i), encoder_[i]);
  }
  visitor.module("model.decoder.embed_positions", *target_positions_);
  if (cross_positions_) {
    visitor.module("model.decoder.encoder_attn_positions", *cross_positions_);
  }
  for (std::size_t i = 0; i < decoder_.size(); ++i) {
    visitor.module(fmt::format("model.decoder.layers.{}", i), decoder_[i]);
  }
  if (encoder_norm_) {
    visitor.module("model.encoder.layer_norm", *encoder_norm_);
    visitor.module("model.decoder.layer_norm", *decoder_norm_);
  }
  if (config_.tie_embeddings == "none") {
    visitor.parameter("lm_head.weight", output_weight_);
  }
  visitor.parameter("final_logits_bias", output_bias_);
}

}  // namespace heed
