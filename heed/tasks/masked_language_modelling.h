// The task of guessing hidden tokens of a text from both sides, and whether its halves belong
// together: how BERT is pre-trained (Devlin et al., 2019).
#pragma once

#include <memory>
#include <vector>

#include "heed/models/text_encoder.h"
#include "heed/tasks/language_modelling_text.h"
#include "heed/tasks/masked_language_modelling_recipe.h"
#include "heed/tasks/task_kind.h"

namespace heed {

// What an encoder guessed of some batches.
struct MaskedScore {
  double loss = 0;  // of hidden tokens, the sum in nats
  std::int64_t guessed = 0, masked = 0;
  double pair_loss = 0;
  std::int64_t pairs_right = 0, pairs = 0;

  double mean_loss() const { return masked > 0 ? loss / static_cast<double>(masked) : 0; }
  double masked_accuracy() const;         // in percent
  double next_sentence_accuracy() const;  // in percent
};

// The texts of a source as they are masked in epoch 0. Threads may share the model.
MaskedScore masked_score(const TextEncoder& model, const MaskedSource& source,
                         const BatchConfig& batches, const ForwardContext& context);

class MaskedLanguageModellingTask : public Task {
 public:
  // Errors (usage): what the model refuses, or another model in init_from.
  MaskedLanguageModellingTask(const MaskedLanguageModellingRecipe& recipe,
                              std::shared_ptr<const LanguageModellingText> data);

  Module& model() override { return *model_; }
  std::shared_ptr<const ExampleSource> training() const override { return training_; }
  Loss loss(const Batch& batch, double scale, ForwardContext& context) const override;
  LossStyle loss_style() const override { return {.unit = "nats per hidden token"}; }
  bool validates() const override { return validation_ != nullptr; }
  std::vector<TaskMeasure> measures() const override;
  Evaluation validate(bool thorough, ForwardContext context) const override;
  void add_to_report(RunReport& report) const override;
  ModelFiles files() const override;

 private:
  MaskedLanguageModellingRecipe recipe_;
  std::shared_ptr<const LanguageModellingText> data_;
  std::unique_ptr<TextEncoder> model_;
  std::shared_ptr<const MaskedSource> training_;
  std::shared_ptr<const MaskedSource> validation_;  // null: no validation
};

TaskKind masked_language_modelling_task();

}  // namespace heed
