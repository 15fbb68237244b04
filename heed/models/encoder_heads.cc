#include "heed/models/encoder_heads.h"

#include "heed/base/error.h"
#include "heed/ops/elementwise.h"
#include "heed/ops/rows.h"

namespace heed {

namespace {

Activation plain_activation(const TextEncoderConfig& config) {
  return feed_forward_kind(config.activation).activation;
}

}  // namespace

MaskedHead::MaskedHead(const TextEncoderConfig& config, std::int64_t vocabulary_size, Device device)
    : activation_(plain_activation(config)),
      dense_(config.d_model, embedding_width(config), device, config.feed_forward_bias),
      norm_(norm_config(config), embedding_width(config), device),
      bias_({vocabulary_size}, Initial::zeros, false, device) {
  if (config.tie_embeddings == "none") {
    StackConfig narrow = config;
    narrow.d_model = embedding_width(config);
    output_weight_ = output_layer_weight(narrow, vocabulary_size, device);
  }
  set_initial(dense_, config);
}

Tensor MaskedHead::transform(const Tensor& rows, ForwardContext& context) const {
  return norm_.forward(ops::activate(dense_.forward(rows, context), activation_));
}

ops::Projection MaskedHead::projection(const Parameter& table) const {
  return {.weight = output_weight_.defined() ? output_weight_.value : table.value,
          .bias = bias_.value};
}

void MaskedHead::visit(ParameterVisitor& visitor) {
  visitor.module("dense", dense_);
  visitor.module("norm", norm_);
  visitor.parameter("output.weight", output_weight_);
  visitor.parameter("output.bias", bias_);
}

DetectionHead::DetectionHead(const TextEncoderConfig& config, Device device)
    : activation_(plain_activation(config)),
      dense_(config.d_model, config.d_model, device),
      score_(config.d_model, 1, device) {
  set_initial(*this, config);
}

Tensor DetectionHead::scores(const Tensor& rows, ForwardContext& context) const {
  return score_.forward(ops::activate(dense_.forward(rows, context), activation_), context);
}

void DetectionHead::visit(ParameterVisitor& visitor) {
  visitor.module("dense", dense_);
  visitor.module("score", score_);
}

void check_head_config(const HeadConfig& config) {
  const bool labelled = config.kind == "sequence" || config.kind == "token";
  check_usage(labelled || config.kind == "question" || config.kind == "choice",
              "model.head.kind '{}': expected sequence, token, question or choice", config.kind);
  check_usage(config.problem == "single_label" || config.problem == "multi_label" ||
                  config.problem == "regression",
              "model.head.problem '{}': expected single_label, multi_label or regression",
              config.problem);
  check_usage(config.problem == "single_label" || config.kind == "sequence",
              "model.head.problem {}: is for model.head.kind sequence, not {}", config.problem,
              config.kind);
  check_usage(!labelled || !config.labels.empty(),
              "model.head.labels: a head of kind {} needs some", config.kind);
  check_usage(labelled || config.labels.empty(), "model.head.labels: a head of kind {} has none",
              config.kind);
  check_usage(config.pooling == "first" || config.pooling == "mean",
              "model.head.pooling '{}': expected first or mean", config.pooling);
  check_usage(config.dropout == -1 || (config.dropout >= 0 && config.dropout < 1),
              "model.head.dropout: must be in [0, 1) or -1, got {}", config.dropout);
}

std::int64_t score_count(const HeadConfig& config) {
  return config.kind == "question" ? 2
         : config.kind == "choice" ? 1
                                   : static_cast<std::int64_t>(config.labels.size());
}

TaskHead::TaskHead(const HeadConfig& config, const StackConfig& model, std::int64_t width,
                   Device device)
    : reads_summaries_(config.kind == "sequence" || config.kind == "choice"),
      takes_means_(config.pooling == "mean"),
      dropout_("head", config.dropout < 0 ? model.dropout : config.dropout),
      map_(width, score_count(config), device) {
  set_initial(map_, model);
}

Tensor TaskHead::scores(const Encoder& encoder, const Encoder::States& states,
                        ForwardContext& context) const {
  if (!reads_summaries_) {
    return scores_of(states.values, states.rows.row_keys, context);
  }
  return scores_of(takes_means_ ? ops::sequence_means(states.values, states.rows.offsets)
                                : encoder.summary(states, context),
                   states.rows.sequence_keys, context);
}

Tensor TaskHead::scores_of(const Tensor& rows, const std::vector<std::uint64_t>& row_keys,
                           ForwardContext& context) const {
  return map_.forward(ops::dropout(rows, context.dropout(dropout_, row_keys)), context);
}

void TaskHead::visit(ParameterVisitor& visitor) {
  visitor.parameter("weight", map_.weight);
  visitor.parameter("bias", map_.bias);
}

}  // namespace heed
