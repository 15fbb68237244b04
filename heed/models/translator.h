// The encoder-decoder Transformer that translates (Vaswani et al., "Attention is all you need",
// 2017). Its defaults and its stored names follow the layout that Transformers calls Marian, so
// that what is trained here can be loaded there unchanged.
// Thread-safety: as Module.
#pragma once

#include <memory>
#include <vector>

#include "heed/models/translator_config.h"
#include "heed/nn/embeddings.h"
#include "heed/nn/generator.h"
#include "heed/nn/stack.h"
#include "heed/text/text_symbols.h"

namespace heed {

// What the vocabularies decide.
struct TranslatorVocabulary {
  std::int64_t source_size = 0;
  std::int64_t target_size = 0;
  TextSymbols symbols;
};

class Translator : public Generator {
 public:
  // Weights are drawn as by initialize_parameters(*this, 0). Errors (usage) name the configuration
  // key: sizes that are not positive or do not divide, rates outside [0, 1), tied embeddings with
  // two vocabularies.
  Translator(const TranslatorConfig& config, const TranslatorVocabulary& vocabulary,
             Device device = cpu_device, StartingWeights weights = StartingWeights::drawn);

  const TranslatorConfig& config() const { return config_; }
  const TranslatorVocabulary& vocabulary() const { return vocabulary_; }

  // source ids → encoder output [source tokens, d].
  Tensor encode(const Tensor& source_ids, const Sequences& source, ForwardContext& context) const;
  // → decoder output [target tokens, d], before the projection to the vocabulary.
  Tensor decode(const Tensor& target_inputs, const Sequences& target, const Tensor& memory,
                const Sequences& source, ForwardContext& context) const;

  Tensor hidden(const Prompts& prompts, ForwardContext& context) const override;
  Projection projection() const override {
    return projection_of(config_, output_weight(), output_bias_);
  }
  std::unique_ptr<DecodingSession> start(const ForwardContext& context) const override;
  std::int64_t vocabulary_size() const override { return vocabulary_.target_size; }
  std::int64_t longest() const override { return config_.max_length; }
  void visit(ParameterVisitor& visitor) override;

 private:
  friend class TranslatorSession;

  // Target tokens at the positions that `rows` says, all below `length`.
  Tensor embed_targets(const Tensor& ids, const Sequences& rows, std::int64_t length,
                       ForwardContext& context) const;

  // The row of source embeddings that stays zero.
  std::int32_t source_padding() const {
    return shares_embeddings(config_) ? vocabulary_.symbols.padding
                                      : vocabulary_.symbols.source_padding;
  }
  const Parameter& target_table() const {
    return shares_embeddings(config_) ? source_table_ : target_table_;
  }
  const Parameter& output_weight() const {
    return has_own_output(config_) ? output_weight_ : target_table();
  }

  TranslatorConfig config_;
  TranslatorVocabulary vocabulary_;
  Parameter source_table_;   // or the shared one
  Parameter target_table_;   // undefined when shared
  Parameter output_weight_;  // undefined when tied to an embedding
  Parameter output_bias_;    // [1, target vocabulary], undefined without one
  Embeddings source_embeddings_;
  Embeddings target_embeddings_;
  Stack encoder_;
  Stack decoder_;
};

}  // namespace heed
