#include "heed/models/translator.h"

#include "heed/models/transformer_parts.h"
#include "heed/models/translator_session.h"

namespace heed {

namespace {

void check_vocabulary(const TranslatorConfig& config, const TranslatorVocabulary& vocabulary) {
  check_usage(config.tie_embeddings != "all" || vocabulary.source_size == vocabulary.target_size,
              "model.tie_embeddings: all needs one joint vocabulary, but the source has {} pieces "
              "and the target {}; use output or none, or tokenizer.joint",
              vocabulary.source_size, vocabulary.target_size);
  const TextSymbols& symbols = vocabulary.symbols;
  check_usage(
      symbols.source_padding < vocabulary.source_size && symbols.padding < vocabulary.target_size,
      "vocabulary: padding ids {} and {} outside the vocabularies of {} and {}",
      symbols.source_padding, symbols.padding, vocabulary.source_size, vocabulary.target_size);
  for (const std::int32_t id : {symbols.start, symbols.end}) {
    check_usage(id >= 0 && id < vocabulary.target_size,
                "vocabulary: symbol {} outside the target vocabulary of {}", id,
                vocabulary.target_size);
  }
}

}  // namespace

Translator::Translator(const TranslatorConfig& config, const TranslatorVocabulary& vocabulary,
                       Device device, StartingWeights weights)
    : config_(config),
      vocabulary_(vocabulary),
      source_dropout_(embedding_dropout(config, "encoder")),
      target_dropout_(embedding_dropout(config, "decoder")) {
  check_translator_config(config);
  check_vocabulary(config, vocabulary);
  const std::int64_t size = config.d_model;
  source_embedding_ = embedding_table(vocabulary.source_size, size, source_padding(), device);
  if (config.tie_embeddings != "all") {
    target_embedding_ =
        embedding_table(vocabulary.target_size, size, vocabulary.symbols.padding, device);
  }
  if (config.tie_embeddings == "none") {
    output_weight_ = Parameter({vocabulary.target_size, size}, Initial::xavier, true, device);
  }
  output_bias_ = Parameter({1, vocabulary.target_size}, Initial::zeros, false, device);
  source_positions_ = make_position_encoding(
      config.position, position_scope(config, config.encoder_layers, false, device));
  if (config.position.cross) {
    cross_positions_ = make_position_encoding(
        config.position, position_scope(config, config.decoder_layers, false, device));
  }
  target_positions_ = make_position_encoding(
      config.position, position_scope(config, config.decoder_layers, true, device));
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
  if (weights == StartingWeights::drawn) {
    initialize_parameters(*this, 0);
  }
}

Tensor Translator::embed_targets(const Tensor& ids, const Sequences& rows, std::int64_t length,
                                 ForwardContext& context) const {
  return embed_tokens(config_, ids, rows, length, target_embedding(), vocabulary_.symbols.padding,
                      *target_positions_, target_dropout_, context);
}

Tensor Translator::encode(const Tensor& source_ids, const Sequences& source,
                          ForwardContext& context) const {
  Tensor x = embed_tokens(config_, source_ids, source, source.longest(), source_embedding_,
                          source_padding(), *source_positions_, source_dropout_, context);
  for (const EncoderLayer& layer : encoder_) {
    x = layer.forward(x, source, context, {.self = source_positions_.get()});
  }
  return encoder_norm_ ? encoder_norm_->forward(x) : x;
}

Tensor Translator::decode(const Tensor& target_inputs, const Sequences& target,
                          const Tensor& memory, const Sequences& source,
                          ForwardContext& context) const {
  Tensor x = embed_targets(target_inputs, target, target.longest(), context);
  for (const DecoderLayer& layer : decoder_) {
    x = layer.forward(x, target, memory, source, context, decoder_positions());
  }
  return decoder_norm_ ? decoder_norm_->forward(x) : x;
}

Tensor Translator::hidden(const Prompts& prompts, ForwardContext& context) const {
  const auto& [source, begun] = prompts;
  const Tensor memory = encode(source.ids, source.rows, context);
  return decode(begun.ids, begun.rows, memory, source.rows, context);
}

std::unique_ptr<DecodingSession> Translator::start(const Inputs& source,
                                                   const ForwardContext& context) const {
  return std::make_unique<TranslatorSession>(*this, source, context);
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
