#include "heed/training/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "heed/autograd/gradient.h"
#include "heed/base/error.h"
#include "heed/base/phase.h"
#include "heed/base/random.h"
#include "heed/formats/checkpoint_directory.h"
#include "heed/training/mean.h"

namespace heed {

namespace {

// Names a step for dropout: a function of seed and step alone.
std::uint64_t dropout_key(std::uint64_t seed, std::int64_t step) {
  const PhiloxBlock block =
      philox({static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(step >> 32), 0, 0},
             {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
  return std::uint64_t{block[0]} << 32 | block[1];
}

}  // namespace

Trainer::Trainer(TrainingSetup setup)
    : setup_(std::move(setup)),
      optimizer_(setup_.task->model(), setup_.optimizer, setup_.precision),
      schedule_(setup_.schedule, setup_.training.max_steps),
      measures_(setup_.task->measures()) {
  check_training_config(setup_.training);
  check_usage(setup_.training.budget.empty(),
              "training.budget: a trainer takes training.max_steps, which plan_budget() gives");
  check_validation_keys(setup_.training, measures_, setup_.task->validates());
  require_gradients(setup_.task->model());
  remove_interrupted_checkpoints(setup_.directory);
  if (setup_.resume) {
    load_checkpoint();
  } else {
    check_usage(list_checkpoints(setup_.directory).empty(),
                "{}: holds a run already; continue it with --resume or choose another --run",
                setup_.directory.string());
    history_ =
        std::make_unique<History>(setup_.directory, 0, -1, setup_.task->loss_style().perplexity);
    state_.seconds = setup_.seconds_before;
  }
  batches_ = std::make_unique<BatchStream>(setup_.task->training(), setup_.batches, setup_.seed,
                                           state_.position);
}

TrainingOutcome Trainer::run() {
  started_ = interval_started_ = std::chrono::steady_clock::now();
  seconds_before_ = state_.seconds;
  first_fraction_ = fraction_done();
  std::optional<std::string> reason = reason_to_stop();
  if (reason && pending_interrupt() == 0) {
    finish_validation();
  }
  while (!reason) {
    train_step();
    if (state_.step % setup_.training.log_every == 0) {
      log_step();
    }
    const bool validation_due = setup_.training.validate_every > 0
                                    ? state_.step % setup_.training.validate_every == 0
                                    : epoch_ended_;
    const bool save_due = setup_.training.save_every > 0
                              ? state_.step % setup_.training.save_every == 0
                              : validation_due;
    state_.counts = save_due;
    reason = reason_to_stop();
    if (setup_.task->validates() && (validation_due || (reason && pending_interrupt() == 0))) {
      if (!validation_due) {
        remember_ending();
      }
      validate();
      reason = reason_to_stop();
    }
    if (save_due || reason) {
      save_checkpoint();
    }
    show_progress();
  }
  TrainingOutcome outcome{
      .steps = state_.step, .skipped = state_.skipped, .interrupted = pending_interrupt()};
  outcome.reason = *reason;
  const bool averaged = outcome.interrupted == 0 && average_last();
  outcome.best = setup_.directory / (averaged || state_.best_step > 0 ? "best" : "last");
  outcome.best_validation = state_.best;
  outcome.seconds = elapsed();
  return outcome;
}

ForwardContext Trainer::forward_context() const {
  ForwardContext context;
  context.precision = setup_.precision;
  return context;
}

void Trainer::train_step() {
  Phase phase("training step");
  phase.at(state_.step + 1);
  std::vector<PlacedBatch> placed;
  std::int64_t predictions = 0;
  epoch_ended_ = false;
  for (int i = 0; i < setup_.training.accumulate; ++i) {
    placed.push_back(batches_->next());
    predictions += placed.back().batch->predictions;
    interval_tokens_ += placed.back().batch->tokens;
    epoch_ended_ = epoch_ended_ || placed.back().next.epoch > placed.back().position.epoch;
  }
  batches_in_epoch_ = placed.back().batches_in_epoch;

  double smoothed = 0, plain = 0;
  for (const PlacedBatch& item : placed) {
    ForwardContext context = forward_context();
    context.training = true;
    context.dropout_key = dropout_key(setup_.seed, state_.step + 1);
    context.recompute_feed_forward = setup_.training.recompute_feed_forward;
    const Loss loss =
        setup_.task->loss(*item.batch, 1.0 / static_cast<double>(predictions), context);
    smoothed += loss.smoothed;
    plain += loss.plain;
    backward(loss.value);
  }
  const double loss = smoothed / static_cast<double>(predictions);
  if (apply_update(loss, placed.back().position)) {
    state_.train_loss += plain;
    state_.train_predictions += predictions;
  }
  state_.position = placed.back().next;
}

bool Trainer::apply_update(double loss, const BatchPosition& position) {
  const double norm = optimizer_.gradient_norm();
  ++state_.step;
  const bool finite = std::isfinite(loss) && std::isfinite(norm);
  if (!finite && setup_.training.non_finite == "stop") {
    fail(ErrorKind::failure,
         "step {}, epoch {}, batch {}: loss {} and gradient norm {} are not finite; lower "
         "schedule.learning_rate or set training.non_finite: skip",
         state_.step, position.epoch + 1, position.batch + 1, loss, norm);
  }
  if (!finite) {
    ++state_.skipped;
    optimizer_.skip();
    return false;
  }
  optimizer_.step(schedule_.rate(state_.step), norm);
  last_loss_ = loss;
  last_norm_ = norm;
  state_.interval_loss += loss;
  state_.interval_norm += norm;
  ++state_.interval_steps;
  return true;
}

void Trainer::log_step() {
  const auto now = std::chrono::steady_clock::now();
  const double seconds = std::chrono::duration<double>(now - interval_started_).count();
  history_->add(StepRecord{.step = state_.step,
                           .epoch = state_.position.epoch + (epoch_ended_ ? 0 : 1),
                           .loss = mean(state_.interval_loss, state_.interval_steps),
                           .learning_rate = schedule_.rate(state_.step),
                           .gradient_norm = mean(state_.interval_norm, state_.interval_steps),
                           .tokens_per_second = static_cast<double>(interval_tokens_) / seconds,
                           .seconds = elapsed()});
  state_.interval_loss = state_.interval_norm = 0;
  state_.interval_steps = 0;
  interval_tokens_ = 0;
  interval_started_ = now;
}

double Trainer::elapsed() const {
  return seconds_before_ +
         std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
}

double Trainer::fraction_done() const {
  double fraction = 0;
  if (setup_.training.max_steps > 0) {
    fraction = static_cast<double>(state_.step) / static_cast<double>(setup_.training.max_steps);
  }
  if (setup_.training.max_epochs > 0) {
    const double within = batches_in_epoch_ > 0 ? static_cast<double>(state_.position.batch) /
                                                      static_cast<double>(batches_in_epoch_)
                                                : 0;
    fraction = std::max(fraction, (static_cast<double>(state_.position.epoch) + within) /
                                      static_cast<double>(setup_.training.max_epochs));
  }
  return std::min(fraction, 1.0);
}

void Trainer::show_progress() {
  if (setup_.progress == nullptr) {
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  const double fraction = fraction_done();
  const double here = std::chrono::duration<double>(now - started_).count();
  const double interval = std::chrono::duration<double>(now - interval_started_).count();
  const double done = fraction - first_fraction_;
  setup_.progress->update(
      {.epoch = state_.position.epoch + 1,
       .step = state_.step,
       .fraction = fraction,
       .loss = last_loss_,
       .learning_rate = schedule_.rate(state_.step),
       .gradient_norm = last_norm_,
       .tokens_per_second = interval > 0 ? static_cast<double>(interval_tokens_) / interval : 0,
       .seconds_left = done > 0 ? here / done * (1 - fraction) : -1});
}

std::optional<std::string> Trainer::reason_to_stop() const {
  return pending_interrupt() != 0 ? "interrupted" : end_reached();
}

std::optional<std::string> Trainer::end_reached() const {
  const TrainingConfig& training = setup_.training;
  if (training.max_steps > 0 && state_.step >= training.max_steps) {
    return fmt::format("reached {} steps", training.max_steps);
  }
  if (training.max_epochs > 0 && state_.position.epoch >= training.max_epochs) {
    return fmt::format("reached {} epochs", training.max_epochs);
  }
  if (training.patience > 0 && state_.waited >= training.patience) {
    return fmt::format("{} validations without improvement", state_.waited);
  }
  return std::nullopt;
}

}  // namespace heed
