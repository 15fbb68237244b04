// The task of predicting text, token by token: bits per character to measure by.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "heed/base/json.h"
#include "heed/data/text_corpus.h"
#include "heed/data/text_windows.h"
#include "heed/models/language_model.h"
#include "heed/tasks/run_settings.h"
#include "heed/tasks/task_kind.h"
#include "heed/text/tokenizer.h"
#include "heed/text/tokenizer_config.h"

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

// The text of a recipe as ids.
class LanguageModellingText : public TaskData {
 public:
  TokenizerPair tokenizers;  // both sides are one
  std::shared_ptr<const TokenText> train;
  std::shared_ptr<const TokenText> validation;  // null: no validation
  Json fingerprints;

  Json content() const override { return fingerprints; }
  void keep_in(const std::filesystem::path& run) const override;
};

class LanguageModellingTask : public Task {
 public:
  // Errors (usage): what the model refuses, or another model in init_from.
  LanguageModellingTask(const LanguageModellingRecipe& recipe,
                        std::shared_ptr<const LanguageModellingText> data);

  Module& model() override { return *model_; }
  std::shared_ptr<const ExampleSource> training() const override { return training_; }
  Loss loss(const Batch& batch, double scale, ForwardContext& context) const override;
  bool validates() const override { return validation_ != nullptr; }
  std::vector<TaskMeasure> measures() const override;
  Evaluation validate(bool thorough, ForwardContext context) const override;
  void add_to_report(RunReport& report) const override;
  ModelFiles files() const override;

 private:
  LanguageModellingRecipe recipe_;
  std::shared_ptr<const LanguageModellingText> data_;
  // What the model goes on with at a thorough validation. Errors (usage): a prompt without tokens,
  // or too long for the model.
  std::vector<std::string> prompts() const;
  void add_samples(const ForwardContext& context, Evaluation& evaluation) const;

  std::unique_ptr<LanguageModel> model_;
  std::shared_ptr<const ExampleSource> training_;
  std::shared_ptr<const TextWindows> validation_;  // null: no validation
  std::vector<std::string> prompts_;
};

// The text that a recipe names. Errors: those of TextCorpus.
TextCorpus corpus_of(const LanguageModellingRecipe& recipe);

// How held-out text is cut for a recipe: for validation, and for the test of a run.
WindowConfig held_out_windows(const LanguageModellingRecipe& recipe);

TaskKind language_modelling_task();

}  // namespace heed
