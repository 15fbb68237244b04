// The Transformer that reads a text from both sides (Devlin et al., "BERT: pre-training of deep
// bidirectional Transformers for language understanding", 2019): embeddings with positions and
// segments, layers of self-attention without a mask and feed-forward, and what it is pre-trained
// by: layers that guess hidden tokens, whether two parts belong together, which tokens were
// replaced.
//
//   TextEncoder model(text_encoder_preset("bert-tiny").config, tokenizer.size());
//   initialize_parameters(model, seed);
//   const auto states = model.encode(inputs, context);  // ids, segments, rows
// Thread-safety: as Module.
#pragma once

#include <memory>
#include <optional>

#include "heed/models/encoder_heads.h"
#include "heed/models/text_encoder_config.h"
#include "heed/nn/embeddings.h"
#include "heed/nn/encoder.h"
#include "heed/nn/stack.h"

namespace heed {

class TextEncoder : public Encoder {
 public:
  // Weights are drawn as by initialize_parameters(*this, 0). Errors (usage) name the configuration
  // key, as check_text_encoder_config does; a vocabulary without pieces.
  TextEncoder(const TextEncoderConfig& config, std::int64_t vocabulary_size,
              Device device = cpu_device, StartingWeights weights = StartingWeights::drawn);

  const TextEncoderConfig& config() const { return config_; }
  std::int64_t vocabulary_size() const { return vocabulary_size_; }

  // inputs.ids, inputs.segments: int32 [tokens] (segments undefined: all of the first kind).
  States encode(const Inputs& inputs, ForwardContext& context) const override;
  // What the pooler makes of the first token's state; without one, that state.
  Tensor summary(const States& states, ForwardContext& context) const override;
  std::int64_t width() const override { return config_.d_model; }
  std::int64_t longest() const override { return config_.max_length; }

  // Where the configuration has the head; errors (failure): it has none.
  //   masked_states:        states of tokens [rows, d] → what masked_projection() reads
  //   next_sentence_scores: summaries [sequences, d] → [sequences, 2]: it follows, it does not
  //   detection_scores:     states of tokens [rows, d] → [rows, 1], the log-odds of a replaced one
  Tensor masked_states(const Tensor& rows, ForwardContext& context) const;
  ops::Projection masked_projection() const;
  Tensor next_sentence_scores(const Tensor& summaries, ForwardContext& context) const;
  ops::Projection next_sentence_projection() const;  // the same as an output layer
  Tensor detection_scores(const Tensor& rows, ForwardContext& context) const;

  const Parameter& table() const { return table_; }
  const Stack& stack() const { return stack_; }
  void visit(ParameterVisitor& visitor) override;

 private:
  TextEncoderConfig config_;
  std::int64_t vocabulary_size_;
  Parameter table_;  // [vocabulary, embedding width]
  Embeddings embeddings_;
  std::optional<Linear> widening_;  // from the embeddings' width to d_model
  Stack stack_;
  DropoutSite pooler_dropout_;
  std::optional<Linear> pooler_;
  std::optional<MaskedHead> masked_head_;
  std::optional<Linear> next_sentence_head_;
  std::optional<DetectionHead> detection_head_;
};

}  // namespace heed
