// What the recipe of an encoder's pre-training says, and the checks of it before anything is read.
//
// Thread-safety: plain data; functions from any thread.
#pragma once

#include <string>
#include <vector>

#include "heed/data/text_corpus.h"
#include "heed/models/text_encoder_config.h"
#include "heed/tasks/language_modelling_recipe.h"
#include "heed/tasks/masked_source.h"
#include "heed/tasks/masking.h"
#include "heed/tasks/run_settings.h"
#include "heed/text/tokenizer_config.h"
#include "heed/training/task.h"

namespace heed {

struct MaskedLanguageModellingData : TextConfig {
  std::string directory = ".";
  std::string pairs = "none";
  MaskingConfig masking;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("directory", directory, "where the files below lie, unless they have absolute paths");
    TextConfig::fields(visit);
    visit(
        "pairs", pairs,
        "what the model tells besides hidden tokens, of two halves of a document: none, "
        "next_sentence (half of the second ones are from another document) or order (half of them "
        "are swapped)");
    visit("masking", masking, "which tokens are to be guessed");
  }
};

struct MaskedLanguageModellingModel : TextEncoderConfig {
  std::string preset;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("preset", preset,
          "a named size and style, whose values are the defaults of the keys below: bert-tiny, "
          "bert-mini, modern-tiny, … (`heed recipe --presets` lists them)");
    TextEncoderConfig::fields(visit);
  }
};

struct MaskedLanguageModellingRecipe : RunSettings {
  MaskedLanguageModellingData data;
  TokenizerConfig tokenizer;
  MaskedLanguageModellingModel model;

  MaskedLanguageModellingRecipe() {
    task = "masked_language_modelling";
    tokenizer.kind = "wordpiece";
    tokenizer.lowercase = true;
    training.label_smoothing = 0;
  }

  template <typename Visitor>
  void fields(Visitor& visit) {
    head_fields(visit);
    visit("data", data, "the text");
    visit("tokenizer", tokenizer, "how text becomes tokens");
    visit("model", model, "the Transformer");
    training_fields(visit);
  }
};

// What the keys of `document` add to: the recipe's defaults, those of its model.preset if it names
// one, else the model that it starts from; and the heads that its objectives need. Errors (usage)
// name `source`.
MaskedLanguageModellingRecipe masked_recipe_defaults(const Json& document,
                                                     const std::string& source);

// Errors (usage) name `source` or the key.
void check_masked_language_modelling_recipe(const MaskedLanguageModellingRecipe& recipe,
                                            const std::string& source);

// What validation measures besides the loss.
std::vector<TaskMeasure> masked_language_modelling_measures(bool pairs);

// The same text as a language model's recipe has it, which prepares it.
LanguageModellingRecipe text_recipe_of(const MaskedLanguageModellingRecipe& recipe);

MaskedWindows masked_windows_of(const MaskedLanguageModellingRecipe& recipe);

}  // namespace heed
