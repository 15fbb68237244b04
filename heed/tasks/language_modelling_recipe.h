// What the recipe of a language model says, and the checks of it before anything is read.
//
// Thread-safety: plain data; functions from any thread.
#pragma once

#include <string>
#include <vector>

#include "heed/data/text_corpus.h"
#include "heed/data/text_windows.h"
#include "heed/models/language_model_config.h"
#include "heed/tasks/run_settings.h"
#include "heed/text/tokenizer_config.h"
#include "heed/training/task.h"

namespace heed {

struct LanguageModellingData : TextConfig {
  std::string directory = ".";
  std::vector<std::string> sample_prompts;
  int sample_tokens = 100;
  double sample_temperature = 0.8;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("directory", directory, "where the files below lie, unless they have absolute paths");
    TextConfig::fields(visit);
    visit("sample_prompts", sample_prompts,
          "what the model goes on with at each thorough validation, shown on the page; none: the "
          "beginning of the validation text");
    visit("sample_tokens", sample_tokens,
          "tokens that it writes after each at most; 0: no samples");
    visit("sample_temperature", sample_temperature,
          "divides the logits; 0: always the most probable token");
  }
};

struct LanguageModellingModel : LanguageModelConfig {
  std::string preset;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("preset", preset,
          "a named size and style, whose values are the defaults of the keys below: gpt2-124m, "
          "llama-15m, … (`heed recipe --presets` lists them)");
    LanguageModelConfig::fields(visit);
  }
};

struct LanguageModellingRecipe : RunSettings {
  LanguageModellingData data;
  TokenizerConfig tokenizer;
  LanguageModellingModel model;

  LanguageModellingRecipe() {
    task = "language_modelling";
    tokenizer.kind = "byte";
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

// Errors (usage) name `source` or the key.
void check_language_modelling_recipe(const LanguageModellingRecipe& recipe,
                                     const std::string& source);

// What validation measures besides the loss.
std::vector<TaskMeasure> language_modelling_measures();

// The text that a recipe names. Errors: those of TextCorpus.
TextCorpus corpus_of(const LanguageModellingRecipe& recipe);

// How held-out text is cut for a recipe: for validation, and for the test of a run.
WindowConfig held_out_windows(const LanguageModellingRecipe& recipe);

}  // namespace heed
