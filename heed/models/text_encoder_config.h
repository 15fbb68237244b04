// The sizes and choices of an encoder of text, and what can be said of them before one is built.
// Thread-safety: plain data.
#pragma once

#include <string>
#include <vector>

#include "heed/base/config.h"
#include "heed/nn/stack_config.h"

namespace heed {

// Its defaults are BERT's ways (Devlin et al., "BERT", 2019).
struct TextEncoderConfig : StackConfig {
  int layers = 12;
  int segments = 2;
  int embedding_size = 0;
  std::string pooler = "tanh";
  bool pooler_dropout = false;
  bool masked_head = true;
  bool next_sentence_head = false;
  bool detection_head = false;
  std::string tie_embeddings = "output";

  TextEncoderConfig();

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("layers", layers, "number of layers");
    visit(
        "segments", segments,
        "kinds of tokens that are told apart by a learned vector each, such as those of the first "
        "and of the second sentence; 0: none");
    visit("embedding_size", embedding_size,
          "width of the embeddings, when another map brings them to d_model; 0: d_model");
    visit("pooler", pooler,
          "what stands for a text as a whole: none (the state of its first token), or a linear map "
          "of that and tanh, relu or gelu");
    visit("pooler_dropout", pooler_dropout, "dropout before the pooler's map, too");
    visit("masked_head", masked_head, "a layer that guesses hidden tokens");
    visit("next_sentence_head", next_sentence_head,
          "a layer that tells whether two parts of a text belong together as they stand");
    visit("detection_head", detection_head, "a layer that tells tokens that were replaced");
    visit("tie_embeddings", tie_embeddings,
          "masked_head: none, or output (embeddings = output layer)");
    StackConfig::fields(visit);
  }
};

// Checks names, sizes, rates, and that positions and attention fit together. Errors (usage) name
// the key and the reason.
void check_text_encoder_config(const TextEncoderConfig& config);

// An encoder's attentions, from the first layer to the last.
std::vector<AttentionPlace> attentions_of(const TextEncoderConfig& config);

// The width of its embeddings.
int embedding_width(const TextEncoderConfig& config);

}  // namespace heed
