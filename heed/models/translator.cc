#include "heed/models/translator.h"

#include "heed/base/error.h"
#include "heed/models/translator_session.h"

namespace heed {

namespace {

TranslatorConfig checked(const TranslatorConfig& config, const TranslatorVocabulary& vocabulary) {
  check_translator_config(config);
  check_usage(!shares_embeddings(config) || vocabulary.source_size == vocabulary.target_size,
              "model.tie_embeddings: {} needs one joint vocabulary, but the source has {} pieces "
              "and the target {}; use output or none, or tokenizer.joint",
              config.tie_embeddings, vocabulary.source_size, vocabulary.target_size);
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
  return config;
}

}  // namespace

Translator::Translator(const TranslatorConfig& config, const TranslatorVocabulary& vocabulary,
                       Device device, StartingWeights weights)
    : config_(checked(config, vocabulary)),
      vocabulary_(vocabulary),
      source_table_(embedding_table(config, vocabulary.source_size, source_padding(), device)),
      output_bias_(output_bias(config, {1, vocabulary.target_size}, device)),
      source_embeddings_(config, {.stack = "encoder", .padding_id = source_padding()}, device),
      target_embeddings_(config, {.stack = "decoder", .padding_id = vocabulary.symbols.padding},
                         device),
      encoder_(config, {.name = "encoder", .layers = config.encoder_layers}, device),
      decoder_(config,
               {.name = "decoder", .layers = config.decoder_layers, .causal = true, .cross = true},
               device) {
  if (!shares_embeddings(config)) {
    target_table_ =
        embedding_table(config, vocabulary.target_size, vocabulary.symbols.padding, device);
  }
  if (has_own_output(config)) {
    output_weight_ = output_layer_weight(config, vocabulary.target_size, device);
  }
  if (weights == StartingWeights::drawn) {
    initialize_parameters(*this, 0);
  }
}

Tensor Translator::embed_targets(const Tensor& ids, const Sequences& rows, std::int64_t length,
                                 ForwardContext& context) const {
  return target_embeddings_.forward(ids, Tensor(), target_table(), rows, length,
                                    decoder_.positions(), context);
}

Tensor Translator::encode(const Tensor& source_ids, const Sequences& source,
                          ForwardContext& context) const {
  const Tensor x = source_embeddings_.forward(source_ids, Tensor(), source_table_, source,
                                              source.longest(), encoder_.positions(), context);
  return encoder_.forward(x, source, context);
}

Tensor Translator::decode(const Tensor& target_inputs, const Sequences& target,
                          const Tensor& memory, const Sequences& source,
                          ForwardContext& context) const {
  const Tensor x = embed_targets(target_inputs, target, target.longest(), context);
  return decoder_.forward(x, target, memory, source, context);
}

Tensor Translator::hidden(const Prompts& prompts, ForwardContext& context) const {
  const auto& [source, begun] = prompts;
  const Tensor memory = encode(source.ids, source.rows, context);
  return decode(begun.ids, begun.rows, memory, source.rows, context);
}

std::unique_ptr<DecodingSession> Translator::start(const ForwardContext& context) const {
  return std::make_unique<TranslatorSession>(*this, context);
}

void Translator::visit(ParameterVisitor& visitor) {
  if (shares_embeddings(config_)) {
    visitor.parameter("model.shared.weight", source_table_);
  } else {
    visitor.parameter("model.encoder.embed_tokens.weight", source_table_);
    visitor.parameter("model.decoder.embed_tokens.weight", target_table_);
  }
  visitor.module("model.encoder", source_embeddings_);
  visitor.module("model.encoder", encoder_);
  visitor.module("model.decoder", target_embeddings_);
  visitor.module("model.decoder", decoder_);
  if (has_own_output(config_)) {
    visitor.parameter("lm_head.weight", output_weight_);
  }
  visitor.parameter("final_logits_bias", output_bias_);
}

}  // namespace heed
