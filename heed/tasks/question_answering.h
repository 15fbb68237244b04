// The task of answering questions by a piece of a text.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "heed/base/json.h"
#include "heed/tasks/asked_texts.h"
#include "heed/tasks/question_answering_recipe.h"
#include "heed/tasks/task_kind.h"
#include "heed/text/tokenizer.h"

namespace heed {

// The questions of a recipe, ready to be trained on.
class QuestionAnsweringTexts : public TaskData {
 public:
  TokenizerPair tokenizers;  // both sides are one
  std::vector<AskedContext> train, validation;
  Json fingerprints;

  Json content() const override { return fingerprints; }
  void keep_in(const std::filesystem::path& run) const override;
};

class QuestionAnsweringTask : public Task {
 public:
  // Errors: those of make_headed_encoder and AskedTexts.
  QuestionAnsweringTask(const QuestionAnsweringRecipe& recipe,
                        std::shared_ptr<const QuestionAnsweringTexts> data);

  Module& model() override { return *model_; }
  std::shared_ptr<const ExampleSource> training() const override { return training_; }
  Loss loss(const Batch& batch, double scale, ForwardContext& context) const override;
  LossStyle loss_style() const override {
    return {.unit = "nats per end of an answer", .perplexity = false};
  }
  bool validates() const override { return validation_ != nullptr; }
  std::vector<TaskMeasure> measures() const override;
  Evaluation validate(bool thorough, ForwardContext context) const override;
  void add_to_report(RunReport& report) const override;
  ModelFiles files() const override;

 private:
  QuestionAnsweringRecipe recipe_;
  std::shared_ptr<const QuestionAnsweringTexts> data_;
  std::unique_ptr<HeadedEncoder> model_;
  std::shared_ptr<const AskedTexts> training_, validation_;  // no validation: null
};

TaskKind question_answering_task();

}  // namespace heed
