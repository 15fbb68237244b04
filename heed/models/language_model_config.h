// The sizes and choices of a language model, and what can be said of them before one is built.
// Thread-safety: plain data.
#pragma once

#include <string>
#include <vector>

#include "heed/base/config.h"
#include "heed/models/output_config.h"
#include "heed/nn/stack_config.h"

namespace heed {

struct LanguageModelConfig : StackConfig, OutputConfig {
  int layers = 6;
  std::string tie_embeddings = "output";
  int value_embeddings = 0;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("layers", layers, "number of layers");
    visit("tie_embeddings", tie_embeddings, "none, or output (embeddings = output layer)");
    visit("value_embeddings", value_embeddings,
          "tables of embeddings that join the values of as many of the first layers, and of the "
          "last; 0: none");
    OutputConfig::fields(visit);
    StackConfig::fields(visit);
  }
};

// Checks names, sizes, rates, and that positions and attention fit together. Errors (usage) name
// the key and the reason.
void check_language_model_config(const LanguageModelConfig& config);

// A language model's attentions, from the first layer to the last.
std::vector<AttentionPlace> attentions_of(const LanguageModelConfig& config);

}  // namespace heed
