// The task of predicting running text, token by token: bits per character to measure by.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "heed/base/json.h"
#include "heed/data/text_windows.h"
#include "heed/data/token_store.h"
#include "heed/models/language_model.h"
#include "heed/tasks/run_settings.h"
#include "heed/tasks/task_kind.h"
#include "heed/text/tokenizer.h"
#include "heed/text/tokenizer_config.h"

namespace heed {

struct LanguageModellingData : TextConfig {
  std::string directory = ".";

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("directory", directory, "where the files below lie, unless they have absolute paths");
    TextConfig::fields(visit);
  }
};

struct LanguageModellingRecipe : RunSettings {
  LanguageModellingData data;
  TokenizerConfig tokenizer;
  LanguageModelConfig model;

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

// The text of a recipe, cut into windows of ids.
class TextWindows : public TaskData {
 public:
  TokenizerPair tokenizers;  // both sides are one
  std::shared_ptr<const TokenStore> train;
  std::shared_ptr<const TokenStore> validation;  // null: no validation
  Json fingerprints;

  Json content() const override { return fingerprints; }
  void keep_in(const std::filesystem::path& run) const override;
};

class LanguageModellingTask : public Task {
 public:
  // Errors (usage): what the model refuses, or another model in init_from.
  LanguageModellingTask(const LanguageModellingRecipe& recipe,
                        std::shared_ptr<const TextWindows> data);

  Module& model() override { return *model_; }
  std::shared_ptr<const ExampleSource> training() const override { return training_; }
  Loss loss(const Batch& batch, double scale, ForwardContext& context) const override;
  bool validates() const override { return validation_ != nullptr; }
  Evaluation validate(bool thorough, ForwardContext context) const override;
  ModelFiles files() const override;

 private:
  LanguageModellingRecipe recipe_;
  std::shared_ptr<const TextWindows> data_;
  std::unique_ptr<LanguageModel> model_;
  std::shared_ptr<const ExampleSource> training_, validation_;
};

// The text of each part of a recipe. Errors: those of read_text_parts.
TextParts text_of(const LanguageModellingRecipe& recipe);

TaskKind language_modelling_task();

}  // namespace heed
