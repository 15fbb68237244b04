#include "heed/training/run_report.h"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <optional>

#include "heed/base/number_text.h"
#include "heed/tensor/storage.h"
#include "heed/training/validation_table.h"

namespace heed {

namespace {

template <typename Record, typename Value>
Curve curve(std::string name, std::string group, std::string unit,
            const std::vector<Record>& records, Value&& value, Better better = Better::unspecified,
            bool logarithmic = true) {
  Curve result{.name = std::move(name),
               .group = std::move(group),
               .unit = std::move(unit),
               .better = better,
               .logarithmic = logarithmic};
  for (const Record& record : records) {
    if (const std::optional<double> number = value(record)) {
      result.points.push_back({record.step, *number});
    }
  }
  return result;
}

void add_curves(RunReport& report, const History& history, const Task& task) {
  const auto& steps = history.steps();
  const auto& validations = history.validations();
  using Number = std::optional<double>;
  const auto add = [&](Curve item) {
    if (!item.points.empty()) {
      report.curves.push_back(std::move(item));
    }
  };
  const LossStyle loss = task.loss_style();
  add(curve("training, smoothed labels", "Loss", loss.unit, steps,
            [](const StepRecord& r) { return Number(r.loss); }));
  add(curve("training", "Loss", loss.unit, validations,
            [](const ValidationRecord& r) { return Number(r.train_loss); }));
  add(curve(
      "validation", "Loss", loss.unit, validations,
      [](const ValidationRecord& r) { return Number(r.loss); }, Better::lower));
  if (loss.perplexity) {
    add(curve("training", "Perplexity", "", validations,
              [](const ValidationRecord& r) { return Number(std::exp(r.train_loss)); }));
    add(curve(
        "validation", "Perplexity", "", validations,
        [](const ValidationRecord& r) { return Number(std::exp(r.loss)); }, Better::lower));
  }
  for (const TaskMeasure& measure : task.measures()) {
    const MetricStyle& style = measure.style;
    add(curve(
        "validation", style.name, "", validations,
        [&](const ValidationRecord& r) { return r.measure(style.key); },
        style.lower_is_better ? Better::lower : Better::higher, false));
  }
  add(curve("learning rate", "Learning rate", "", steps,
            [](const StepRecord& r) { return Number(r.learning_rate); }));
  add(curve("gradient norm", "Gradient norm", "", steps,
            [](const StepRecord& r) { return Number(r.gradient_norm); }));
  add(curve(
      "speed", "Speed", "tokens/s", steps,
      [](const StepRecord& r) { return Number(r.tokens_per_second); }, Better::unspecified, false));
}

void add_history(RunReport& report, const History& history, const Task& task) {
  const auto measures = task.measures();
  const auto columns = validation_columns(task.loss_style(), measures);
  for (const ValidationColumn& column : columns) {
    report.history.columns.push_back(column.heading);
  }
  for (const ValidationRecord& record : history.validations()) {
    if (record.best) {
      report.history.best_row = report.history.rows.size();
    }
    std::vector<std::string> row;
    for (const ValidationColumn& column : columns) {
      row.push_back(column.text(record));
    }
    report.history.rows.push_back(std::move(row));
  }
}

// What the best validation found.
void add_best(RunReport& report, const ValidationRecord& best, const Task& task) {
  report.summary.push_back({"Validation loss", fmt::format("{:.4f}", best.loss), true});
  if (task.loss_style().perplexity) {
    report.summary.push_back({"Validation perplexity", fmt::format("{:.2f}", std::exp(best.loss))});
  }
  for (const TaskMeasure& measure : task.measures()) {
    if (const auto value = best.measure(measure.style.key)) {
      report.summary.push_back(
          {"Validation " + measure.style.name, measure_text(measure.style, *value), true});
    }
  }
}

}  // namespace

RunReport make_run_report(const RunReportInputs& inputs) {
  RunReport report;
  report.title = inputs.title;
  report.recipe = inputs.recipe;
  report.summary.assign(inputs.facts.begin(), inputs.facts.end());
  const auto& validations = inputs.history->validations();
  const std::int64_t steps = validations.empty() ? 0 : validations.back().step;
  report.summary.push_back({"Parameters", count_text(inputs.parameters), true});
  report.summary.push_back({"Steps", count_text(steps), true});
  if (inputs.best != nullptr) {
    add_best(report, *inputs.best, *inputs.task);
  }
  report.summary.push_back({"Time", duration_text(inputs.seconds)});
  report.summary.push_back(
      {"Peak memory", fmt::format("{} MB", memory_statistics().peak_bytes >> 20)});
  if (inputs.skipped > 0) {
    report.summary.push_back({"Updates skipped", count_text(inputs.skipped)});
    report.notes.push_back(fmt::format(
        "{} updates were skipped because loss or gradient was not finite.", inputs.skipped));
  }
  add_curves(report, *inputs.history, *inputs.task);
  add_history(report, *inputs.history, *inputs.task);
  report.samples.assign(inputs.samples.begin(), inputs.samples.end());
  inputs.task->add_to_report(report);
  return report;
}

}  // namespace heed
