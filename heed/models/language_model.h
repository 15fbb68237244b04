// The decoder-only Transformer that predicts each token of a text from those before it (Radford et
// al., "Improving language understanding by generative pre-training", 2018): embeddings, layers of
// causal self-attention and feed-forward, a norm at the end where norms come first, projection to
// the vocabulary.
//
//   LanguageModel model(config, tokenizer.size());
//   initialize_parameters(model, seed);
//   generator_loss(model, prompts, outputs, options, context);  // prompts without sources
// Thread-safety: as Module.
#pragma once

#include <memory>
#include <vector>

#include "heed/models/language_model_config.h"
#include "heed/nn/embeddings.h"
#include "heed/nn/generator.h"
#include "heed/nn/stack.h"
#include "heed/nn/value_embeddings.h"

namespace heed {

class LanguageModel : public Generator {
 public:
  // Weights are drawn as by initialize_parameters(*this, 0). Errors (usage) name the configuration
  // key, as check_language_model_config does; a vocabulary without pieces.
  LanguageModel(const LanguageModelConfig& config, std::int64_t vocabulary_size,
                Device device = cpu_device, StartingWeights weights = StartingWeights::drawn);

  const LanguageModelConfig& config() const { return config_; }

  // ids: int32 [tokens] → [tokens, d], before the projection to the vocabulary. Token i of a
  // sequence sees the tokens up to i, with attention.topology prefix those of its prefix, too.
  Tensor decode(const Tensor& ids, const Sequences& sequences, ForwardContext& context) const;

  // Sources are ignored.
  Tensor hidden(const Prompts& prompts, ForwardContext& context) const override {
    return decode(prompts.begun.ids, prompts.begun.rows, context);
  }
  Projection projection() const override {
    return projection_of(config_, output_weight(), output_bias_);
  }
  std::unique_ptr<DecodingSession> start(const ForwardContext& context) const override;
  std::int64_t vocabulary_size() const override { return vocabulary_size_; }
  std::int64_t longest() const override { return config_.max_length; }
  void visit(ParameterVisitor& visitor) override;

 private:
  friend class LanguageModelSession;

  const Parameter& output_weight() const {
    return config_.tie_embeddings == "none" ? output_weight_ : table_;
  }

  LanguageModelConfig config_;
  std::int64_t vocabulary_size_;
  Parameter table_;
  Parameter output_weight_;  // undefined when tied to table_
  Parameter output_bias_;    // [vocabulary], undefined without one
  Embeddings embeddings_;
  ValueEmbeddings value_embeddings_;
  Stack stack_;
};

}  // namespace heed
