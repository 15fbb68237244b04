#include "heed/training/trainer.h"

#include <cmath>
#include <limits>

#include "heed/autograd/gradient.h"
#include "heed/base/files.h"
#include "heed/formats/checkpoint_directory.h"
#include "heed/formats/load_tensors.h"
#include "heed/training/interrupt.h"
#include "heed/training/run_report.h"

namespace heed {

namespace {

// Names a step for dropout: a function of seed and step alone.
std::uint64_t dropout_key(std::uint64_t seed, std::int64_t step) {
  const PhiloxBlock block =
      philox({static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(step >> 32), 0, 0},
             {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
  return std::uint64_t{block[0]} << 32 | block[1];
}

// Not a number where every update was skipped; always the same one, since machines differ in its
// sign.
double mean(double sum, std::int64_t count) {
  const double value = sum / static_cast<double>(count);
  return std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value;
}

}  // namespace

Trainer::Trainer(TrainingSetup setup)
    : setup_(std::move(setup)),
      optimizer_(*setup_.model, setup_.optimizer),
      schedule_(setup_.schedule, setup_.training.max_steps) {
  check_training_config(setup_.training);
  remove_interrupted_checkpoints(setup_.directory);
  if (setup_.resume) {
    load_checkpoint();
  } else {
    check_usage(list_checkpoints(setup_.directory).empty(),
                "{}: holds a run already; continue it with --resume or choose another --run",
                setup_.directory.string());
    history_ = std::make_unique<History>(setup_.directory, 0, -1);
  }
  batches_ = std::make_unique<BatchStream>(setup_.corpus, setup_.batches, setup_.symbols,
                                           setup_.seed, state_.position, setup_.sampler);
}

TrainingOutcome Trainer::run() {
  const InterruptScope interrupts;
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
    reason = reason_to_stop();
    if (setup_.validator != nullptr && (validation_due || (reason && pending_interrupt() == 0))) {
      validate();
      reason = reason_to_stop();
    }
    const bool save_due = setup_.training.save_every > 0
                              ? state_.step % setup_.training.save_every == 0
                              : validation_due;
    if (save_due || reason) {
      save_checkpoint();
    }
    show_progress();
  }
  TrainingOutcome outcome{
      .steps = state_.step, .skipped = state_.skipped, .interrupted = pending_interrupt()};
  outcome.reason = *reason;
  if (outcome.interrupted == 0) {
    average_last();
  }
  outcome.best = setup_.directory / (state_.best_step > 0 ? "best" : "last");
  outcome.best_loss = state_.best_loss;
  outcome.best_bleu = state_.best_bleu;
  outcome.seconds = elapsed();
  return outcome;
}

// A run that was interrupted at its last step has not validated there yet.
void Trainer::finish_validation() {
  const auto& validations = history_->validations();
  if (setup_.validator != nullptr && state_.step > 0 &&
      (validations.empty() || validations.back().step < state_.step)) {
    saved_step_ = -1;
    validate();
    save_checkpoint();
  }
}

void Trainer::train_step() {
  std::vector<PlacedBatch> placed;
  std::int64_t target_tokens = 0;
  epoch_ended_ = false;
  for (int i = 0; i < setup_.training.accumulate; ++i) {
    placed.push_back(batches_->next());
    target_tokens += static_cast<std::int64_t>(placed.back().batch.target_output_ids.size());
    interval_tokens_ += static_cast<std::int64_t>(placed.back().batch.source_ids.size());
    epoch_ended_ = epoch_ended_ || placed.back().next.epoch > placed.back().position.epoch;
  }
  interval_tokens_ += target_tokens;
  batches_in_epoch_ = placed.back().batches_in_epoch;

  CrossEntropySums sums;
  for (const PlacedBatch& item : placed) {
    const GeneratorExamples examples = examples_of(item.batch);
    ForwardContext context;
    context.training = true;
    context.dropout_key = dropout_key(setup_.seed, state_.step + 1);
    context.precision = setup_.precision;
    context.recompute_feed_forward = setup_.training.recompute_feed_forward;
    const auto result =
        generator_loss(*setup_.model, examples.prompts, examples.outputs,
                       {.smoothing = static_cast<float>(setup_.training.label_smoothing),
                        .scale = static_cast<float>(1.0 / static_cast<double>(target_tokens)),
                        .precision = setup_.precision},
                       context);
    sums.loss += result.sums.loss;
    sums.plain_loss += result.sums.plain_loss;
    backward(result.loss);
  }
  const double loss = sums.loss / static_cast<double>(target_tokens);
  if (apply_update(loss, placed.back().position)) {
    state_.train_loss += sums.plain_loss;
    state_.train_tokens += target_tokens;
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

bool Trainer::is_better(const ValidationResult& result) const {
  if (setup_.training.best_by == "bleu") {
    return !state_.best_bleu || *result.bleu > *state_.best_bleu;
  }
  return std::isfinite(result.loss) && (!state_.best_loss || result.loss < *state_.best_loss);
}

void Trainer::validate() {
  const auto begin = std::chrono::steady_clock::now();
  optimizer_.swap_average();
  const auto number = static_cast<std::int64_t>(history_->validations().size()) + 1;
  const bool decode = setup_.training.bleu_every > 0 && number % setup_.training.bleu_every == 0;
  const ValidationResult result = setup_.validator->validate(*setup_.model, decode);
  const bool better = is_better(result);
  if (better) {
    state_.best_loss = result.loss;
    state_.best_bleu = result.bleu;
    state_.best_step = state_.step;
    state_.waited = 0;
  } else {
    ++state_.waited;
  }
  schedule_.observe(result.loss);
  history_->add(ValidationRecord{.step = state_.step,
                                 .epoch = state_.position.epoch + (epoch_ended_ ? 0 : 1),
                                 .train_loss = mean(state_.train_loss, state_.train_tokens),
                                 .loss = mean(result.loss, 1),
                                 .bleu = result.bleu,
                                 .best = better,
                                 .seconds = elapsed()});
  state_.train_loss = 0;
  state_.train_tokens = 0;
  if (result.bleu) {
    last_translations_ = result.translations;
    std::string text;
    for (const std::string& line : result.translations) {
      text += line + "\n";
    }
    std::filesystem::create_directories(setup_.directory / "validation");
    write_file_atomically(setup_.directory / "validation" / fmt::format("step-{}.txt", state_.step),
                          text);
  }
  if (setup_.progress != nullptr) {
    setup_.progress->row(history_->validations().back());
  }
  write_report(last_translations_);
  optimizer_.swap_average();
  if (better) {
    save_checkpoint();
  }
  interval_started_ += std::chrono::steady_clock::now() - begin;  // not part of training speed
}

void Trainer::average_last() {
  const int count = setup_.training.average_last;
  std::vector<std::int64_t> steps = list_checkpoints(setup_.directory);
  if (count < 2 || setup_.validator == nullptr || steps.size() < 2) {
    return;
  }
  steps.erase(steps.begin(), steps.end() - std::min<std::ptrdiff_t>(
                                               count, static_cast<std::ptrdiff_t>(steps.size())));
  std::vector<std::filesystem::path> files;
  for (const std::int64_t step : steps) {
    files.push_back(checkpoint_path(setup_.directory, step) / "model.safetensors");
  }
  const std::vector<NamedTensor> means = average_tensors(files);
  const std::filesystem::path directory = setup_.directory / "average";
  std::filesystem::create_directories(directory);
  for (const auto& [name, content] : setup_.model_files) {
    write_file_atomically(directory / name, content);
  }
  write_safetensors(directory / "model.safetensors", means, {{"format", "pt"}});
  load_tensors(SafetensorsFile(directory / "model.safetensors"), stored_tensors_of(*setup_.model));
  const ValidationResult result =
      setup_.validator->validate(*setup_.model, setup_.training.bleu_every > 0);
  const bool better = is_better(result);
  if (setup_.progress != nullptr) {
    setup_.progress->line(fmt::format(
        "average of the last {} checkpoints: loss {:.4f}{}{}", files.size(), result.loss,
        result.bleu ? fmt::format(", BLEU {:.2f}", *result.bleu) : "", better ? " *" : ""));
  }
  if (better) {
    state_.best_loss = result.loss;
    state_.best_bleu = result.bleu;
    last_translations_ = result.translations;
    replace_symlink("average", setup_.directory / "best");
    write_report(last_translations_);
  }
}

void Trainer::write_report(const std::vector<std::string>& translations) {
  history_->flush();
  const auto maps = setup_.validator->attention_maps(*setup_.model, 3);
  write_file_atomically(setup_.directory / "report.html",
                        render_report(make_run_report(
                            {.title = setup_.title,
                             .history = history_.get(),
                             .parameters = count_parameters(*setup_.model),
                             .skipped = state_.skipped,
                             .best_loss = state_.best_loss,
                             .best_bleu = state_.best_bleu,
                             .seconds = elapsed(),
                             .sources = setup_.validator->sources(),
                             .references = setup_.validator->references(),
                             .translations = translations,
                             .samples = static_cast<std::size_t>(setup_.training.report_samples),
                             .attention = maps})));
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
  const TrainingConfig& training = setup_.training;
  if (pending_interrupt() != 0) {
    return "interrupted";
  }
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
