// What a recipe says about training.
#pragma once

#include <cstdint>
#include <string>

#include "heed/base/config.h"

namespace heed {

struct TrainingConfig {
  std::int64_t max_steps = 0;
  std::string budget;
  std::int64_t max_epochs = 0;
  int accumulate = 1;
  bool recompute_feed_forward = false;
  double label_smoothing = 0.1;
  std::int64_t validate_every = 0;
  int thorough_every = 1;
  std::int64_t save_every = 0;
  int keep_last = 1;
  int average_last = 0;
  std::string best_by = "loss";
  int patience = 0;
  std::string non_finite = "stop";
  std::int64_t log_every = 50;
  int report_samples = 8;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("max_steps", max_steps, "updates at most; 0: no limit");
    visit(
        "budget", budget,
        "time for training, validations included, instead of max_steps: 90s, 20m, 1h30m. The first "
        "steps are measured, and max_steps is what fits; the run's recipe.yaml has it, and a "
        "resumed run keeps to it");
    visit("max_epochs", max_epochs, "passes over the corpus at most; 0: no limit");
    visit("accumulate", accumulate, "batches whose gradients make one update");
    visit("recompute_feed_forward", recompute_feed_forward,
          "form the inner values of feed-forward sublayers again in the backward pass: the same "
          "bits in less memory, for some tenth more time");
    visit("label_smoothing", label_smoothing,
          "share of the target spread over all classes: over the vocabulary, where tokens are "
          "predicted");
    visit("validate_every", validate_every, "steps between validations; 0: after every epoch");
    visit("thorough_every", thorough_every,
          "validations between those that measure all, what takes decoding as well; 0: never");
    visit("save_every", save_every,
          "steps between checkpoints; 0: at every validation. The best is saved in any case");
    visit("keep_last", keep_last, "checkpoints kept besides the best");
    visit("average_last", average_last,
          "at the end, average this many last checkpoints and keep it if it is the best, or if no "
          "data is held out to say what is; 0: do not");
    visit("best_by", best_by, "loss, or another measure of validation that the task has");
    visit("patience", patience, "stop after this many validations without improvement; 0: never");
    visit("non_finite", non_finite,
          "when loss or gradient is not finite: stop, or skip the update and count");
    visit("log_every", log_every, "steps between lines in metrics.jsonl");
    visit("report_samples", report_samples, "examples shown in report.html");
  }
};

// Checks ranges. Errors (usage) name the key.
void check_training_config(const TrainingConfig& config);

}  // namespace heed
