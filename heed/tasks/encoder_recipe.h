// What the recipes of tasks that put a head upon an encoder have in common: the encoder, from
// scratch or from a directory, and how it is adapted.
//
// Thread-safety: plain data; functions from any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "heed/base/json_forward.h"
#include "heed/models/headed_encoder.h"
#include "heed/tasks/run_settings.h"
#include "heed/text/tokenizer.h"

namespace heed {

struct AdaptedModel : TextEncoderConfig {
  std::string preset;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("preset", preset,
          "a named size and style, whose values are the defaults of the keys below: bert-tiny, … "
          "With init_from the defaults are what that directory says");
    TextEncoderConfig::fields(visit);
  }
};

struct AdaptingConfig {
  std::string backbone = "train";
  LowRankConfig lora = {.rank = 8};
  double layer_decay = 1;
  double head_rate = 1;
  std::string pooling = "first";
  double head_dropout = -1;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("backbone", backbone,
          "what becomes of the weights below the head: train, freeze (the head alone learns), or "
          "lora (they stay, and narrow matrices beside them learn)");
    visit("lora", lora, "backbone lora: the narrow matrices");
    visit("layer_decay", layer_decay,
          "the learning rate of each layer as a multiple of that of the layer above, the head's "
          "being the schedule's (Clark et al., \"ELECTRA\", 2020)");
    visit("head_rate", head_rate, "the head's learning rate as a multiple of the schedule's");
    visit("pooling", pooling,
          "what a head for whole texts reads: first (what the pooler makes of the first token) or "
          "mean (of all tokens)");
    visit("head_dropout", head_dropout, "on what the head reads; -1: the same as model.dropout");
  }

  bool lora_learns() const { return backbone == "lora"; }
  bool freezes() const { return backbone == "freeze"; }
};

// The defaults of the section `model`, as the document's init_from or model.preset says them.
// Errors (usage) name `source`: an unknown preset; those of reading the directory, if it is there.
AdaptedModel default_encoder(const Json& document, const std::string& source);

// Errors (usage) name the key.
void check_adapting(const AdaptedModel& model, const AdaptingConfig& adapting);

// The encoder with a head: with the weights of init_from where it has them, the rest drawn by the
// seed; parameters know at which rate they learn. Errors: those of loading; usage: what is there is
// another encoder than the recipe describes, or none.
std::unique_ptr<HeadedEncoder> make_headed_encoder(const RunSettings& settings,
                                                   const AdaptedModel& model,
                                                   const AdaptingConfig& adapting, HeadConfig head,
                                                   const Tokenizer& tokenizer);

// The scores of a batch: of a frozen backbone without what only training does there.
Tensor headed_scores(const HeadedEncoder& model, bool frozen, const Inputs& inputs,
                     ForwardContext& context);

}  // namespace heed
