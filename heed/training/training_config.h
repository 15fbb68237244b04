// What a recipe says about training.
#pragma once

#include <cstdint>
#include <string>

#include "heed/base/config.h"

namespace heed {

struct TrainingConfig {
  std::int64_t max_steps = 0;
  std::int64_t max_epochs = 0;
  int accumulate = 1;
  bool recompute_feed_forward = false;
  double label_smoothing = 0.1;
  std::int64_t validate_every = 0;
  int bleu_every = 1;
  int validation_beam = 1;
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
    visit("max_epochs", max_epochs, "passes over the corpus at most; 0: no limit");
    visit("accumulate", accumulate, "batches whose gradients make one update");
    visit("recompute_feed_forward", recompute_feed_forward,
          "form the inner values of feed-forward sublayers again in the backward pass: the same "
          "bits in less memory, for some tenth more time");
    visit("label_smoothing", label_smoothing, "share of the target spread over the vocabulary");
    visit("validate_every", validate_every, "steps between validations; 0: after every epoch");
    visit("bleu_every", bleu_every, "validations between those that also decode; 0: never");
    visit("validation_beam", validation_beam, "beam of decoding for validation; 1 is greedy");
    visit("save_every", save_every,
          "steps between checkpoints; 0: at every validation. The best is saved in any case");
    visit("keep_last", keep_last, "checkpoints kept besides the best");
    visit(
        "average_last", average_last,
        "at the end, average this many last checkpoints and keep it if it is the best; 0: do not");
    visit("best_by", best_by, "loss or bleu (of validation)");
    visit("patience", patience, "stop after this many validations without improvement; 0: never");
    visit("non_finite", non_finite,
          "when loss or gradient is not finite: stop, or skip the update and count");
    visit("log_every", log_every, "steps between lines in metrics.jsonl");
    visit("report_samples", report_samples, "translations shown in report.html");
  }
};

// Checks ranges. Errors (usage) name the key.
inline void check_training_config(const TrainingConfig& config) {
  const auto at_least = [](const char* key, std::int64_t value, std::int64_t least) {
    check_usage(value >= least, "training.{}: must be at least {}, got {}", key, least, value);
  };
  at_least("max_steps", config.max_steps, 0);
  at_least("max_epochs", config.max_epochs, 0);
  check_usage(config.max_steps > 0 || config.max_epochs > 0 || config.patience > 0,
              "training: set max_steps, max_epochs or patience, or the run would never end");
  at_least("accumulate", config.accumulate, 1);
  check_usage(config.label_smoothing >= 0 && config.label_smoothing < 1,
              "training.label_smoothing: must be in [0, 1), got {}", config.label_smoothing);
  at_least("validate_every", config.validate_every, 0);
  at_least("bleu_every", config.bleu_every, 0);
  at_least("validation_beam", config.validation_beam, 1);
  at_least("save_every", config.save_every, 0);
  at_least("keep_last", config.keep_last, 1);
  at_least("average_last", config.average_last, 0);
  check_usage(config.best_by == "loss" || config.best_by == "bleu",
              "training.best_by '{}': expected loss or bleu", config.best_by);
  check_usage(config.best_by != "bleu" || config.bleu_every == 1,
              "training.best_by bleu: needs bleu_every 1");
  at_least("patience", config.patience, 0);
  check_usage(config.non_finite == "stop" || config.non_finite == "skip",
              "training.non_finite '{}': expected stop or skip", config.non_finite);
  at_least("log_every", config.log_every, 1);
  at_least("report_samples", config.report_samples, 0);
}

}  // namespace heed
