// The sizes and choices of a Transformer, and what can be said of them before a model is built.
#pragma once

#include <string>
#include <vector>

#include "heed/base/config.h"
#include "heed/nn/encoder_decoder.h"
#include "heed/nn/position/position_encoding.h"

namespace heed {

// A translator's. A language model has the same but for the encoder: encoder_layers does nothing
// there, and tie_embeddings "output" and "all" are one.
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

// The same for a language model, which has no cross-attention for positions to act in.
void check_language_model_config(const TranslatorConfig& config);

// The names of a language model's attentions, from the first layer to the last.
std::vector<std::string> language_model_attention_names(const TranslatorConfig& config);

}  // namespace heed
