// How a Trainer validates, and what becomes of it: the best weights, the page, an average at the
// end.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "heed/autograd/gradient.h"
#include "heed/base/files.h"
#include "heed/base/phase.h"
#include "heed/formats/checkpoint_directory.h"
#include "heed/formats/load_tensors.h"
#include "heed/training/mean.h"
#include "heed/training/run_report.h"
#include "heed/training/trainer.h"

namespace heed {

std::filesystem::path validation_text_path(const std::filesystem::path& run, std::int64_t step) {
  return run / "validation" / fmt::format("step-{}.txt", step);
}

// A run that was interrupted at its last step has not validated there yet.
void Trainer::finish_validation() {
  const auto& validations = history_->validations();
  if (setup_.task->validates() && state_.step > 0 &&
      (validations.empty() || validations.back().step < state_.step)) {
    saved_step_ = -1;
    const std::int64_t every = setup_.training.validate_every;
    const bool due = every > 0 ? state_.step % every == 0 : state_.position.batch == 0;
    if (!due) {
      remember_ending();
    }
    validate();
    save_checkpoint();
  }
}

void Trainer::remember_ending() {
  state_.before_ending = {.best = state_.best,
                          .best_step = state_.best_step,
                          .waited = state_.waited,
                          .train_loss = state_.train_loss,
                          .train_predictions = state_.train_predictions,
                          .schedule = schedule_.state(),
                          .metrics_bytes = history_->flush()};
}

bool Trainer::is_better(const ValidationRecord& record) const {
  const std::string& key = setup_.training.best_by;
  const std::optional<double> value = record.measure(key);
  if (!value || !std::isfinite(*value)) {
    return false;
  }
  const double nothing = std::numeric_limits<double>::quiet_NaN();
  const double best = state_.best ? state_.best->measure(key).value_or(nothing) : nothing;
  const auto chosen = std::find_if(measures_.begin(), measures_.end(),
                                   [&](const auto& measure) { return measure.style.key == key; });
  const bool lower = chosen == measures_.end() || chosen->style.lower_is_better;
  return std::isnan(best) || (lower ? *value < best : *value > best);
}

// With the weights that the model has now.
Evaluation Trainer::evaluate(bool thorough) const {
  const NoGradientScope no_gradients;
  Evaluation evaluation = setup_.task->validate(thorough, forward_context());
  evaluation.samples.resize(std::min(evaluation.samples.size(),
                                     static_cast<std::size_t>(setup_.training.report_samples)));
  return evaluation;
}

ValidationRecord Trainer::record_of(const Evaluation& evaluation) const {
  return {.step = state_.step,
          .epoch = state_.position.epoch + (epoch_ended_ ? 0 : 1),
          .train_loss = mean(state_.train_loss, state_.train_predictions),
          .loss = mean(evaluation.loss, 1),
          .measures = evaluation.measures,
          .seconds = elapsed()};
}

void Trainer::validate() {
  Phase phase("validating step");
  phase.at(state_.step);
  const auto begin = std::chrono::steady_clock::now();
  optimizer_.swap_average();
  const auto number = static_cast<std::int64_t>(history_->validations().size()) + 1;
  const int every = setup_.training.thorough_every;
  Evaluation evaluation = evaluate(every > 0 && number % every == 0);
  ValidationRecord record = record_of(evaluation);
  record.best = is_better(record);
  if (record.best) {
    state_.best = record;
    state_.best_step = state_.step;
    state_.waited = 0;
  } else {
    ++state_.waited;
  }
  schedule_.observe(record.loss);
  history_->add(record);
  state_.train_loss = 0;
  state_.train_predictions = 0;
  if (!evaluation.samples.empty()) {
    samples_ = std::move(evaluation.samples);
  }
  if (!evaluation.text.empty()) {
    make_directory(setup_.directory / "validation");
    write_file_atomically(validation_text_path(setup_.directory, state_.step), evaluation.text);
  }
  if (setup_.progress != nullptr) {
    setup_.progress->row(record, validation_columns(setup_.task->loss_style(), measures_));
  }
  write_report();
  optimizer_.swap_average();
  if (record.best) {
    state_.counts = state_.counts || !state_.before_ending;
    save_checkpoint();
  }
  interval_started_ += std::chrono::steady_clock::now() - begin;  // not part of training speed
}

bool Trainer::average_last() {
  const int count = setup_.training.average_last;
  std::vector<std::int64_t> steps = state_.kept;
  if (steps.empty() || steps.back() != state_.step) {
    steps.push_back(state_.step);  // of the end, due or not
  }
  std::erase_if(steps, [&](std::int64_t step) {
    return !std::filesystem::exists(checkpoint_path(setup_.directory, step));
  });
  if (count < 2) {
    return false;
  }
  if (steps.size() < 2) {
    if (setup_.progress != nullptr) {
      setup_.progress->warning(
          "training.average_last: the run saved one checkpoint only, and nothing is averaged; "
          "training.save_every says how often it saves");
    }
    return false;
  }
  steps.erase(steps.begin(), steps.end() - std::min<std::ptrdiff_t>(
                                               count, static_cast<std::ptrdiff_t>(steps.size())));
  write_average(steps);
  const std::string name = fmt::format("average of the last {} checkpoints", steps.size());
  if (setup_.task->validates() && !validate_average(name)) {
    return false;
  }
  replace_symlink("average", setup_.directory / "best");
  if (setup_.task->validates()) {
    write_report();
  } else if (setup_.progress != nullptr) {
    setup_.progress->line(name + ": taken as the best, since no data is held out to compare on");
  }
  return true;
}

void Trainer::write_average(std::span<const std::int64_t> steps) {
  std::vector<std::filesystem::path> files;
  for (const std::int64_t step : steps) {
    files.push_back(checkpoint_path(setup_.directory, step) / "model.safetensors");
  }
  const std::vector<NamedTensor> means = average_tensors(files);
  const std::filesystem::path directory = setup_.directory / "average";
  make_directory(directory);
  for (const auto& [name, content] : setup_.task->files()) {
    write_file_atomically(directory / name, content);
  }
  write_safetensors(directory / "model.safetensors", means, {{"format", "pt"}});
}

bool Trainer::validate_average(const std::string& name) {
  load_tensors(SafetensorsFile(setup_.directory / "average" / "model.safetensors"),
               stored_tensors_of(setup_.task->model()));
  Evaluation evaluation = evaluate(setup_.training.thorough_every > 0);
  const ValidationRecord record = record_of(evaluation);
  const bool better = is_better(record);
  if (setup_.progress != nullptr) {
    std::string text = fmt::format("{}: loss {:.4f}", name, record.loss);
    for (const TaskMeasure& measure : measures_) {
      if (const auto value = record.measure(measure.style.key)) {
        text += fmt::format(", {} {}", measure.style.name, measure_text(measure.style, *value));
      }
    }
    setup_.progress->line(text + (better ? " *" : ""));
  }
  if (better) {
    state_.best = record;
    samples_ = std::move(evaluation.samples);
  }
  return better;
}

void Trainer::write_report() {
  const Phase phase("writing the report");
  history_->flush();
  write_file_atomically(
      setup_.directory / "report.html",
      render_report(make_run_report({.title = setup_.title,
                                     .facts = setup_.facts,
                                     .recipe = setup_.recipe,
                                     .history = history_.get(),
                                     .task = setup_.task,
                                     .parameters = count_parameters(setup_.task->model()),
                                     .skipped = state_.skipped,
                                     .best = state_.best ? &*state_.best : nullptr,
                                     .seconds = elapsed(),
                                     .samples = samples_})));
}

}  // namespace heed
