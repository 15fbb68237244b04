// The task of tagging the words of sentences: parts of speech, entities.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "heed/base/json.h"
#include "heed/tasks/tagged_texts.h"
#include "heed/tasks/task_kind.h"
#include "heed/tasks/token_classification_recipe.h"
#include "heed/text/tokenizer.h"

namespace heed {

// The sentences of a recipe, ready to be trained on.
class TokenClassificationTexts : public TaskData {
 public:
  TokenizerPair tokenizers;  // both sides are one
  std::vector<TaggedSentence> train, validation;
  LabelSet tags;
  bool entities = false;  // what the tags mean
  Json fingerprints;

  Json content() const override { return fingerprints; }
  void keep_in(const std::filesystem::path& run) const override;
};

class TokenClassificationTask : public Task {
 public:
  // Errors: those of make_headed_encoder and TaggedTexts.
  TokenClassificationTask(const TokenClassificationRecipe& recipe,
                          std::shared_ptr<const TokenClassificationTexts> data);

  Module& model() override { return *model_; }
  std::shared_ptr<const ExampleSource> training() const override { return training_; }
  Loss loss(const Batch& batch, double scale, ForwardContext& context) const override;
  LossStyle loss_style() const override { return {.unit = "nats per word", .perplexity = false}; }
  bool validates() const override { return validation_ != nullptr; }
  std::vector<TaskMeasure> measures() const override;
  Evaluation validate(bool thorough, ForwardContext context) const override;
  void add_to_report(RunReport& report) const override;
  ModelFiles files() const override;

 private:
  TokenClassificationRecipe recipe_;
  std::shared_ptr<const TokenClassificationTexts> data_;
  std::unique_ptr<HeadedEncoder> model_;
  std::shared_ptr<const TaggedTexts> training_, validation_;  // no validation: null
};

TaskKind token_classification_task();

}  // namespace heed
