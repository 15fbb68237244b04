// The task of translating: pairs of sentences to learn from, BLEU of translated text to measure by.
#pragma once

#include <memory>

#include "heed/models/translator.h"
#include "heed/tasks/task_kind.h"
#include "heed/tasks/translation_data.h"

namespace heed {

class TranslationTask : public Task {
 public:
  // Errors (usage): what the model refuses, or another model in init_from.
  TranslationTask(const TranslationRecipe& recipe, std::shared_ptr<const TranslationCorpora> data);

  Module& model() override { return *model_; }
  const Translator& translator() const { return *model_; }
  std::shared_ptr<const ExampleSource> training() const override { return training_; }
  Loss loss(const Batch& batch, double scale, ForwardContext& context) const override;
  bool validates() const override { return validation_ != nullptr; }
  std::vector<TaskMeasure> measures() const override;
  Evaluation validate(bool thorough, ForwardContext context) const override;
  void add_to_report(RunReport& report) const override;
  ModelFiles files() const override;

 private:
  TranslationRecipe recipe_;
  std::shared_ptr<const TranslationCorpora> data_;
  std::unique_ptr<Translator> model_;
  std::shared_ptr<const ExampleSource> training_, validation_;
  std::vector<std::string> sources_, references_;  // of the held-out pairs
};

TaskKind translation_task();

}  // namespace heed
