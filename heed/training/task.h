// What a model is trained for: all that the training loop, the checkpoints and the pages know of
// it.
//
//   class CountBrackets : public Task { … };                    // examples/own_task.cc
//   CountBrackets task(…);
//   Trainer({.task = &task, .training = {.max_steps = 500}, .directory = "run"}).run();
//
// A task owns its model and its data. The loop never names a token: it asks for batches
// (ExampleSource), for the loss of each, and now and then for an evaluation.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "heed/base/model_files.h"
#include "heed/data/example_source.h"
#include "heed/inspect/report.h"
#include "heed/metrics/metric.h"
#include "heed/nn/forward_context.h"
#include "heed/nn/module.h"
#include "heed/training/training_config.h"

namespace heed {

// The loss of a batch.
struct Loss {
  Tensor value;         // [1]: scale · the sum over the batch; differentiable
  double smoothed = 0;  // the sum that is minimised, with label smoothing
  double plain = 0;     // the same without it: what is compared with the loss of validation
};

// How the loss is named on a page.
struct LossStyle {
  std::string unit = "nats per token";
  bool perplexity = true;  // exp(loss) means something, and is shown
};

// What validation measures besides the loss.
struct TaskMeasure {
  MetricStyle style;
  bool thorough = false;  // only by a thorough validation, which takes decoding, say
};

struct Evaluation {
  double loss = 0;                                       // per prediction, without label smoothing
  std::vector<std::pair<std::string, double>> measures;  // by MetricStyle::key
  std::vector<Sample> samples;                           // none: those before stay
  std::string text;  // kept as validation/step-N.txt; empty: no file
};

// What decides which weights are best must be measured, and each time. Errors (usage): best_by
// names no measure, or one that only thorough validations have while not every one is; patience
// without held-out data.
void check_validation_keys(const TrainingConfig& training, std::span<const TaskMeasure> measures,
                           bool validates);

// Thread-safety: one thread at a time; training() may be read by another meanwhile.
class Task {
 public:
  virtual ~Task() = default;

  // Initialised; the trainer asks it for gradients and changes its weights.
  virtual Module& model() = 0;
  virtual std::shared_ptr<const ExampleSource> training() const = 0;

  // `scale`: 1 / the predictions of all batches of the update. Errors: those of the model.
  virtual Loss loss(const Batch& batch, double scale, ForwardContext& context) const = 0;
  virtual LossStyle loss_style() const { return {}; }

  // Whether there is held-out data.
  virtual bool validates() const { return false; }
  // What validate() measures besides the loss: columns of the table, curves, names for
  // training.best_by.
  virtual std::vector<TaskMeasure> measures() const { return {}; }
  // On the held-out data, with the weights that the model has now. `thorough`: all measures.
  virtual Evaluation validate(bool thorough, ForwardContext context) const;

  // What the page shows besides curves, table and samples: attention maps, a confusion matrix.
  virtual void add_to_report(RunReport&) const {}
  virtual ModelFiles files() const = 0;
};

}  // namespace heed
