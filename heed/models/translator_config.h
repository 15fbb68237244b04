// The sizes and choices of a translator, and what can be said of them before one is built.
// Thread-safety: plain data.
#pragma once

#include <string>
#include <vector>

#include "heed/base/config.h"
#include "heed/models/output_config.h"
#include "heed/nn/stack_config.h"

namespace heed {

struct TranslatorConfig : StackConfig, OutputConfig {
  int encoder_layers = 6;
  int decoder_layers = 6;
  std::string tie_embeddings = "all";

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("encoder_layers", encoder_layers, "number of encoder layers");
    visit("decoder_layers", decoder_layers, "number of decoder layers");
    visit("tie_embeddings", tie_embeddings,
          "none, output (target embedding = output layer), all (source too; joint vocabulary) or "
          "inputs (source and target embeddings; joint vocabulary)");
    OutputConfig::fields(visit);
    StackConfig::fields(visit);
  }
};

// Whether source and target have one table of embeddings, and whether the output layer has a matrix
// of its own.
inline bool shares_embeddings(const TranslatorConfig& config) {
  return config.tie_embeddings == "all" || config.tie_embeddings == "inputs";
}
inline bool has_own_output(const TranslatorConfig& config) {
  return config.tie_embeddings == "none" || config.tie_embeddings == "inputs";
}

// Checks names, sizes, rates, and that positions and attention fit together. Errors (usage) name
// the key and the reason.
void check_translator_config(const TranslatorConfig& config);

// A translator's attentions, in the order of the forward pass.
std::vector<AttentionPlace> attentions_of(const TranslatorConfig& config);

}  // namespace heed
