#include "heed/models/language_model.h"

#include "heed/models/hypothesis_cache.h"
#include "heed/models/transformer_parts.h"

namespace heed {

// Decoding with a language model: one step over the cache of its hypotheses.
class LanguageModelSession : public DecodingSession {
 public:
  LanguageModelSession(const LanguageModel& model, std::int64_t texts,
                       const ForwardContext& context)
      : model_(model),
        context_{.precision = context.precision, .heads_off = context.heads_off},
        cache_(texts, model.layers_.size()) {}

  Tensor advance(std::span<const std::int32_t> parents,
                 std::span<const std::int32_t> tokens) override {
    const NoGradientScope no_gradients;
    check(parents.size() == tokens.size() && !parents.empty(), "decoding: {} parents and {} tokens",
          parents.size(), tokens.size());
    cache_.advance(parents);
    const auto rows = static_cast<std::int64_t>(parents.size());
    Tensor x = embed_tokens(model_.config_, Tensor::from_values<std::int32_t>(tokens, {rows}),
                            cache_.rows(), cache_.length(), model_.embedding_, no_padding,
                            *model_.positions_, model_.dropout_, context_);
    for (std::size_t i = 0; i < model_.layers_.size(); ++i) {
      const EncoderLayer& layer = model_.layers_[i];
      x = layer.step(x, cache_.rows(), context_, [&](const Tensor& input) {
        return cache_.attend(i, layer.self_attention(), input, model_.positions_.get(), context_);
      });
    }
    return logits_of(model_, model_.norm_ ? model_.norm_->forward(x) : x, context_);
  }

 private:
  const LanguageModel& model_;
  ForwardContext context_;
  HypothesisCache cache_;
};

LanguageModel::LanguageModel(const TranslatorConfig& config, std::int64_t vocabulary_size,
                             Device device, StartingWeights weights)
    : config_(config),
      vocabulary_size_(vocabulary_size),
      dropout_(embedding_dropout(config, "decoder")) {
  check_language_model_config(config);
  check_usage(vocabulary_size > 0, "language model: a vocabulary of {} pieces", vocabulary_size);
  config_.encoder_layers = 0;
  embedding_ = embedding_table(vocabulary_size, config.d_model, no_padding, device);
  if (config.tie_embeddings == "none") {
    output_weight_ = Parameter({vocabulary_size, config.d_model}, Initial::xavier, true, device);
  }
  output_bias_ = Parameter({vocabulary_size}, Initial::zeros, false, device);
  positions_ = make_position_encoding(config.position,
                                      position_scope(config, config.decoder_layers, true, device));
  const LayerConfig layer = layer_config(config);
  for (int i = 0; i < config.decoder_layers; ++i) {
    layers_.emplace_back(layer, i, device, true);
    set_initial_gain(layers_.back(), config.initial_gain);
  }
  if (layer.pre_norm) {
    norm_ = std::make_unique<LayerNorm>(config.d_model, config.norm_epsilon, device);
  }
  if (weights == StartingWeights::drawn) {
    initialize_parameters(*this, 0);
  }
}

Tensor LanguageModel::decode(const Tensor& ids, const Sequences& sequences,
                             ForwardContext& context) const {
  Tensor x = embed_tokens(config_, ids, sequences, sequences.longest(), embedding_, no_padding,
                          *positions_, dropout_, context);
  for (const EncoderLayer& layer : layers_) {
    x = layer.forward(x, sequences, context, {.self = positions_.get()});
  }
  return norm_ ? norm_->forward(x) : x;
}

std::unique_ptr<DecodingSession> LanguageModel::start(const Inputs& source,
                                                      const ForwardContext& context) const {
  return std::make_unique<LanguageModelSession>(*this, source.rows.count(), context);
}

void LanguageModel::visit(ParameterVisitor& visitor) {
  visitor.parameter("model.decoder.embed_tokens.weight", embedding_);
  visitor.module("model.decoder.embed_positions", *positions_);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    visitor.module(fmt::format("model.decoder.layers.{}", i), layers_[i]);
  }
  if (norm_) {
    visitor.module("model.decoder.layer_norm", *norm_);
  }
  if (config_.tie_embeddings == "none") {
    visitor.parameter("lm_head.weight", output_weight_);
  }
  visitor.parameter("lm_head.bias", output_bias_);
}

}  // namespace heed
