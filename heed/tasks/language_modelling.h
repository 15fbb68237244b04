// The task of predicting text, token by token: bits per character to measure by.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "heed/data/text_windows.h"
#include "heed/models/language_model.h"
#include "heed/tasks/language_modelling_text.h"
#include "heed/tasks/task_kind.h"
#include "heed/text/text_symbols.h"

namespace heed {

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

  TextSymbols symbols_;
  std::string chat_template_;  // of the model that it started from
  std::unique_ptr<LanguageModel> model_;
  std::shared_ptr<const ExampleSource> training_;
  std::shared_ptr<const TextWindows> validation_;  // null: no validation
  std::vector<std::string> prompts_;
};

TaskKind language_modelling_task();

}  // namespace heed
