#include "heed/models/language_model.h"

#include "heed/base/error.h"
#include "heed/models/key_value_cache.h"

namespace heed {

// Decoding with a language model: one pass over the tokens at hand and the cache of its rows.
class LanguageModelSession : public DecodingSession {
 public:
  LanguageModelSession(const LanguageModel& model, const ForwardContext& context)
      : model_(model),
        context_{.precision = context.precision, .heads_off = context.heads_off},
        cache_(model.stack_.blocks().size()) {}

  Tensor add(const Prompts& prompts) override {
    const NoGradientScope no_gradients;
    cache_.add(prompts.begun.rows);
    return logits(last_states(run(prompts.begun.ids), prompts.begun.rows));
  }

  Tensor advance(std::span<const std::int32_t> parents,
                 std::span<const std::int32_t> tokens) override {
    const NoGradientScope no_gradients;
    const std::vector<std::int32_t> counts(tokens.size(), 1);
    cache_.advance(parents, counts);
    return logits(run(id_tensor(tokens)));
  }

  Tensor extend(std::span<const std::int32_t> parents,
                std::span<const std::span<const std::int32_t>> runs) override {
    const NoGradientScope no_gradients;
    const auto [ids, counts] = joined_runs(runs);
    cache_.advance(parents, counts);
    return logits(run(id_tensor(ids)));
  }

 private:
  // The tokens at hand through the layers → [tokens, d], before the last norm.
  Tensor run(const Tensor& ids) {
    const Tensor x =
        model_.embeddings_.forward(ids, Tensor(), model_.table_, cache_.tokens(), cache_.reach(),
                                   model_.stack_.positions(), context_);
    const PositionEncoding* positions = model_.stack_.attention_positions().self;
    const LayerValues values = model_.value_embeddings_.forward(ids);
    return model_.stack_.through(x, [&](std::size_t i, const Block& block, const Tensor& y) {
      return block.step(y, cache_.tokens(), context_, [&](const Tensor& input) {
        return cache_.attend(i, block.self_attention(), input, positions, context_,
                             values.empty() ? Tensor() : values[i]);
      });
    });
  }
  // Logits of what follows states that run() gave.
  Tensor logits(const Tensor& states) const {
    return logits_of(model_, model_.stack_.finish(states), context_);
  }

  const LanguageModel& model_;
  ForwardContext context_;
  KeyValueCache cache_;
};

namespace {

LanguageModelConfig checked(const LanguageModelConfig& config, std::int64_t vocabulary_size) {
  check_language_model_config(config);
  check_usage(vocabulary_size > 0, "language model: a vocabulary of {} pieces", vocabulary_size);
  return config;
}

}  // namespace

LanguageModel::LanguageModel(const LanguageModelConfig& config, std::int64_t vocabulary_size,
                             Device device, StartingWeights weights)
    : config_(checked(config, vocabulary_size)),
      vocabulary_size_(vocabulary_size),
      table_(embedding_table(config, vocabulary_size, no_padding, device)),
      output_bias_(output_bias(config, {vocabulary_size}, device)),
      embeddings_(config, {.stack = "decoder"}, device),
      value_embeddings_(config, config.value_embeddings, config.layers, vocabulary_size, device),
      stack_(config,
             {.name = "decoder",
              .layers = config.layers,
              .causal = true,
              .value_tables = config.value_embeddings},
             device) {
  if (config.tie_embeddings == "none") {
    output_weight_ = output_layer_weight(config, vocabulary_size, device);
  }
  if (weights == StartingWeights::drawn) {
    initialize_parameters(*this, 0);
  }
}

Tensor LanguageModel::decode(const Tensor& ids, const Sequences& sequences,
                             ForwardContext& context) const {
  const Tensor x = embeddings_.forward(ids, Tensor(), table_, sequences, sequences.longest(),
                                       stack_.positions(), context);
  return stack_.forward(x, sequences, context, value_embeddings_.forward(ids));
}

std::unique_ptr<DecodingSession> LanguageModel::start(const ForwardContext& context) const {
  return std::make_unique<LanguageModelSession>(*this, context);
}

void LanguageModel::visit(ParameterVisitor& visitor) {
  visitor.parameter("model.decoder.embed_tokens.weight", table_);
  visitor.module("model.decoder", embeddings_);
  visitor.module("model.decoder.value_embeddings", value_embeddings_);
  visitor.module("model.decoder", stack_);
  if (config_.tie_embeddings == "none") {
    visitor.parameter("lm_head.weight", output_weight_);
  }
  visitor.parameter("lm_head.bias", output_bias_);
}

}  // namespace heed
