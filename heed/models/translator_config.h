// The sizes and choices of a Transformer, and what can be said of them before a model is built.
// Thread-safety: plain data.
#pragma once

#include <string>
#include <vector>

#include "heed/base/config.h"
#include "heed/nn/stack_config.h"

namespace heed {

// A translator's. A language model has the same but for the encoder: encoder_layers does nothing
// there, and tie_embeddings "output" and "all" are one.
struct TranslatorConfig : StackConfig {
  int encoder_layers = 6;
  int decoder_layers = 6;
  std::string tie_embeddings = "all";
  double logit_scale = 1;
  double logit_soft_cap = 0;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("encoder_layers", encoder_layers, "number of encoder layers");
    visit("decoder_layers", decoder_layers, "number of decoder layers");
    visit("tie_embeddings", tie_embeddings,
          "none, output (target embedding = output layer) or all (source too; joint vocabulary)");
    visit("logit_scale", logit_scale, "factor on the logits");
    visit("logit_soft_cap", logit_soft_cap, "logits are bent to stay below this; 0: not");
    StackConfig::fields(visit);
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
