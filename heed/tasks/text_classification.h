// The task of telling what kind of text a text is, or a pair of texts: one label, several, or a
// number.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "heed/metrics/class_metrics.h"
#include "heed/tasks/task_kind.h"
#include "heed/tasks/text_classification_data.h"

namespace heed {

class TextClassificationTask : public Task {
 public:
  // Errors: those of make_headed_encoder and ClassifiedTexts.
  TextClassificationTask(const TextClassificationRecipe& recipe,
                         std::shared_ptr<const TextClassificationTexts> data);

  Module& model() override { return *model_; }
  std::shared_ptr<const ExampleSource> training() const override { return training_; }
  Loss loss(const Batch& batch, double scale, ForwardContext& context) const override;
  LossStyle loss_style() const override;
  bool validates() const override { return validation_ != nullptr; }
  std::vector<TaskMeasure> measures() const override;
  Evaluation validate(bool thorough, ForwardContext context) const override;
  void add_to_report(RunReport& report) const override;
  ModelFiles files() const override;

 private:
  TextClassificationRecipe recipe_;
  std::shared_ptr<const TextClassificationTexts> data_;
  std::string problem_;
  std::unique_ptr<HeadedEncoder> model_;
  std::shared_ptr<const ClassifiedTexts> training_, validation_;  // no validation: null
  std::vector<double> class_weights_;
  mutable Scores last_scores_;  // of the last validation
};

TaskKind text_classification_task();

}  // namespace heed
