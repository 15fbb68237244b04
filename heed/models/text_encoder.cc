#include "heed/models/text_encoder.h"

#include "heed/base/error.h"
#include "heed/ops/elementwise.h"

namespace heed {

namespace {

TextEncoderConfig checked(const TextEncoderConfig& config, std::int64_t vocabulary_size) {
  check_text_encoder_config(config);
  check_usage(vocabulary_size > 0, "encoder: a vocabulary of {} pieces", vocabulary_size);
  return config;
}

// What the embeddings are made by: of their own width.
StackConfig embedding_config(const TextEncoderConfig& config) {
  StackConfig result = config;
  result.d_model = embedding_width(config);
  return result;
}

Activation pooler_activation(const std::string& name) {
  return name == "tanh" ? Activation::tanh : feed_forward_kind(name).activation;
}

}  // namespace

TextEncoder::TextEncoder(const TextEncoderConfig& config, std::int64_t vocabulary_size,
                         Device device, StartingWeights weights)
    : config_(checked(config, vocabulary_size)),
      vocabulary_size_(vocabulary_size),
      table_(embedding_table(embedding_config(config), vocabulary_size, no_padding, device)),
      embeddings_(embedding_config(config), {.stack = "encoder", .segments = config.segments},
                  device),
      stack_(
          config,
          {.name = "encoder", .layers = config.layers, .embedding_width = embedding_width(config)},
          device),
      pooler_dropout_("pooler", config.pooler_dropout ? config.dropout : 0.0) {
  const auto add = [&](std::optional<Linear>& map, std::int64_t in, std::int64_t out) {
    map.emplace(in, out, device);
    set_initial(*map, config_);
  };
  if (embedding_width(config) != config.d_model) {
    add(widening_, embedding_width(config), config.d_model);
  }
  if (config.pooler != "none") {
    add(pooler_, config.d_model, config.d_model);
  }
  if (config.masked_head) {
    masked_head_.emplace(config, vocabulary_size, device);
  }
  if (config.next_sentence_head) {
    add(next_sentence_head_, config.d_model, 2);
  }
  if (config.detection_head) {
    detection_head_.emplace(config, device);
  }
  if (weights == StartingWeights::drawn) {
    initialize_parameters(*this, 0);
  }
}

Encoder::States TextEncoder::encode(const Inputs& inputs, ForwardContext& context) const {
  const Sequences& rows = inputs.rows;
  Tensor x = embeddings_.forward(inputs.ids, inputs.segments, table_, rows, rows.longest(),
                                 stack_.positions(), context);
  if (widening_) {
    x = widening_->forward(x, context);
  }
  return {stack_.forward(x, rows, context), rows};
}

Tensor TextEncoder::summary(const States& states, ForwardContext& context) const {
  const Tensor first = first_rows(states);
  if (!pooler_) {
    return first;
  }
  const Tensor read =
      ops::dropout(first, context.dropout(pooler_dropout_, states.rows.sequence_keys));
  return ops::activate(pooler_->forward(read, context), pooler_activation(config_.pooler));
}

Tensor TextEncoder::masked_states(const Tensor& rows, ForwardContext& context) const {
  check(masked_head_.has_value(), "encoder: it has no layer that guesses hidden tokens");
  return masked_head_->transform(rows, context);
}

ops::Projection TextEncoder::masked_projection() const {
  check(masked_head_.has_value(), "encoder: it has no layer that guesses hidden tokens");
  return masked_head_->projection(table_);
}

Tensor TextEncoder::next_sentence_scores(const Tensor& summaries, ForwardContext& context) const {
  check(next_sentence_head_.has_value(), "encoder: it has no layer for the next sentence");
  return next_sentence_head_->forward(summaries, context);
}

ops::Projection TextEncoder::next_sentence_projection() const {
  check(next_sentence_head_.has_value(), "encoder: it has no layer for the next sentence");
  return {.weight = next_sentence_head_->weight.value, .bias = next_sentence_head_->bias.value};
}

Tensor TextEncoder::detection_scores(const Tensor& rows, ForwardContext& context) const {
  check(detection_head_.has_value(), "encoder: it has no layer that tells replaced tokens");
  return detection_head_->scores(rows, context);
}

void TextEncoder::visit(ParameterVisitor& visitor) {
  visitor.parameter("model.encoder.embed_tokens.weight", table_);
  visitor.module("model.encoder", embeddings_);
  if (widening_) {
    visitor.module("model.encoder.embed_widening", *widening_);
  }
  visitor.module("model.encoder", stack_);
  const auto head = [&](const char* name, auto& module) {
    if (module) {
      visitor.module(name, *module);
    }
  };
  head("pooler", pooler_);
  head("masked_head", masked_head_);
  head("next_sentence_head", next_sentence_head_);
  head("detection_head", detection_head_);
}

}  // namespace heed
