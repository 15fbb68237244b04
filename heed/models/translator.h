// The encoder-decoder Transformer that translates (Vaswani et al., "Attention is all you need",
// 2017). Its defaults and its stored names follow the layout that Transformers calls Marian, so
// that what is trained here can be loaded there unchanged.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "heed/base/config.h"
#include "heed/nn/encoder_decoder.h"
#include "heed/nn/position/position_encoding.h"
#include "heed/nn/translation_model.h"

namespace heed {

struct TranslatorConfig {
  int d_model = 512;
  int encoder_layers = 6;
  int decoder_layers = 6;
  int heads = 8;
  int feed_forward_size = 2048;
  std::string activation = "relu";
  std::string norm = "post";
  double norm_epsilon = 1e-5;
  double initial_gain = 1;
  double dropout = 0.1;
  double attention_dropout = 0.0;
  double activation_dropout = 0.0;
  double embedding_dropout = -1;
  bool scale_embeddings = true;
  std::string tie_embeddings = "all";
  int max_length = 512;
  PositionConfig position;
  AttentionConfig attention;
  HeadSet pruned_heads;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("d_model", d_model, "width of the model; divisible by heads");
    visit("encoder_layers", encoder_layers, "number of encoder layers");
    visit("decoder_layers", decoder_layers, "number of decoder layers");
    visit("heads", heads, "attention heads of every layer");
    visit("feed_forward_size", feed_forward_size, "inner width of the feed-forward sublayers");
    visit("activation", activation, "relu, gelu (erf), gelu_tanh, silu, swiglu or geglu");
    visit("norm", norm, "post (as in the paper) or pre");
    visit("norm_epsilon", norm_epsilon, "added to the variance in layer norms");
    visit("initial_gain", initial_gain,
          "factor on Xavier's bounds in all layers; 0.5 lets post-norm learn at high rates");
    visit("dropout", dropout, "on the output of every sublayer");
    visit("attention_dropout", attention_dropout, "on attention weights");
    visit("activation_dropout", activation_dropout, "inside the feed-forward sublayers");
    visit("embedding_dropout", embedding_dropout, "on embeddings; -1: the same as dropout");
    visit("scale_embeddings", scale_embeddings, "multiply embeddings by the root of d_model");
    visit("tie_embeddings", tie_embeddings,
          "none, output (target embedding = output layer) or all (source too; joint vocabulary)");
    visit("max_length", max_length, "longest source or target in tokens, end symbol included");
    visit("position", position, "how positions enter");
    visit("attention", attention, "how all attentions are made");
    visit("pruned_heads", pruned_heads,
          "heads that are left out, by attention: {encoder.0.self: [1, 3], decoder.2.cross: [0]}");
  }
};

// Checks names, sizes, rates, and that positions and attention fit together. Errors (usage) name
// the key and the reason.
void check_translator_config(const TranslatorConfig& config);

// The names of a translator's attentions, in the order of the forward pass.
std::vector<std::string> attention_names(const TranslatorConfig& config);

// What the vocabularies decide.
struct TranslatorVocabulary {
  std::int64_t source_size = 0;
  std::int64_t target_size = 0;
  std::int32_t padding_id = 0;  // starts the decoder; its embedding stays zero

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("source_size", source_size, "pieces of the source vocabulary");
    visit("target_size", target_size, "pieces of the target vocabulary");
    visit("padding_id", padding_id, "the padding piece, which starts the decoder");
  }
};

class Translator : public TranslationModel {
 public:
  // Errors (usage) name the configuration key: sizes that are not positive or do not divide, rates
  // outside [0, 1), tied embeddings with two vocabularies.
  Translator(const TranslatorConfig& config, const TranslatorVocabulary& vocabulary,
             Device device = cpu_device);

  const TranslatorConfig& config() const { return config_; }
  const TranslatorVocabulary& vocabulary() const { return vocabulary_; }

  // source ids → encoder output [source tokens, d].
  Tensor encode(const Tensor& source_ids, const Sequences& source, ForwardContext& context) const;
  // → decoder output [target tokens, d], before the projection to the vocabulary.
  Tensor decode(const Tensor& target_inputs, const Sequences& target, const Tensor& memory,
                const Sequences& source, ForwardContext& context) const;
  // Decoder output → logits [rows, target vocabulary].
  Tensor logits(const Tensor& decoded, ForwardContext& context) const;

  ops::CrossEntropyResult loss(const TranslationExamples& examples,
                               const ops::CrossEntropyOptions& options,
                               ForwardContext& context) const override;
  std::vector<double> log_probabilities(const TranslationExamples& examples,
                                        ForwardContext& context) const override;
  std::unique_ptr<DecodingSession> start_decoding(const Tensor& source_ids, const Sequences& source,
                                                  MatmulPrecision precision) const override;
  std::int64_t target_vocabulary_size() const override { return vocabulary_.target_size; }
  std::int64_t longest() const override { return config_.max_length; }
  void visit(ParameterVisitor& visitor) override;

 private:
  friend class TranslatorSession;

  // Embeds one more token of every row, each at position length - 1.
  Tensor embed_step(const Tensor& ids, const Sequences& rows, std::int64_t length,
                    ForwardContext& context) const;
  StackPositions decoder_positions() const {
    return {target_positions_.get(), cross_positions_.get()};
  }
  Tensor embed(const Tensor& ids, const Sequences& sequences, std::int64_t length,
               const Parameter& table, const PositionEncoding& positions,
               ForwardContext& context) const;

  TranslatorConfig config_;
  TranslatorVocabulary vocabulary_;
  Parameter source_embedding_;  // or the shared one
  Parameter target_embedding_;  // may share memory with source_embedding_
  Parameter output_weight_;     // may share memory with target_embedding_
  Parameter output_bias_;       // [1, target vocabulary]
  std::unique_ptr<PositionEncoding> source_positions_;
  std::unique_ptr<PositionEncoding> target_positions_;
  std::unique_ptr<PositionEncoding> cross_positions_;  // null unless model.position.cross
  std::vector<EncoderLayer> encoder_;
  std::vector<DecoderLayer> decoder_;
  std::unique_ptr<LayerNorm> encoder_norm_;  // pre-norm only
  std::unique_ptr<LayerNorm> decoder_norm_;
};

}  // namespace heed
