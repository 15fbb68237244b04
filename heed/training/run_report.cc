#include "heed/training/run_report.h"

#include <algorithm>
#include <cmath>

#include "heed/base/number_text.h"
#include "heed/metrics/chrf.h"
#include "heed/tensor/storage.h"
#include "heed/training/progress.h"

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

void add_curves(RunReport& report, const History& history) {
  const auto& steps = history.steps();
  const auto& validations = history.validations();
  using Number = std::optional<double>;
  const auto add = [&](Curve item) {
    if (!item.points.empty()) {
      report.curves.push_back(std::move(item));
    }
  };
  add(curve("training, smoothed labels", "Loss", "nats per token", steps,
            [](const StepRecord& r) { return Number(r.loss); }));
  add(curve("training", "Loss", "nats per token", validations,
            [](const ValidationRecord& r) { return Number(r.train_loss); }));
  add(curve(
      "validation", "Loss", "nats per token", validations,
      [](const ValidationRecord& r) { return Number(r.loss); }, Better::lower));
  add(curve("training", "Perplexity", "", validations,
            [](const ValidationRecord& r) { return Number(std::exp(r.train_loss)); }));
  add(curve(
      "validation", "Perplexity", "", validations,
      [](const ValidationRecord& r) { return Number(std::exp(r.loss)); }, Better::lower));
  add(curve(
      "validation", "BLEU", "", validations, [](const ValidationRecord& r) { return r.bleu; },
      Better::higher, false));
  add(curve("learning rate", "Learning rate", "", steps,
            [](const StepRecord& r) { return Number(r.learning_rate); }));
  add(curve("gradient norm", "Gradient norm", "", steps,
            [](const StepRecord& r) { return Number(r.gradient_norm); }));
  add(curve(
      "speed", "Speed", "tokens/s", steps,
      [](const StepRecord& r) { return Number(r.tokens_per_second); }, Better::unspecified, false));
}

void add_history(RunReport& report, const History& history) {
  const auto& validations = history.validations();
  report.history.columns = {"epoch", "step",       "train loss", "train PPL",
                            "loss",  "perplexity", "BLEU",       "time"};
  for (const ValidationRecord& record : validations) {
    if (record.best) {
      report.history.best_row = report.history.rows.size();
    }
    report.history.rows.push_back(
        {std::to_string(record.epoch), count_text(record.step),
         fmt::format("{:.4f}", record.train_loss),
         fmt::format("{:.2f}", std::exp(record.train_loss)), fmt::format("{:.4f}", record.loss),
         fmt::format("{:.2f}", std::exp(record.loss)),
         record.bleu ? fmt::format("{:.2f}", *record.bleu) : "–", duration_text(record.seconds)});
  }
  // A language model is not measured by BLEU.
  if (std::none_of(validations.begin(), validations.end(),
                   [](const ValidationRecord& record) { return record.bleu.has_value(); })) {
    constexpr std::ptrdiff_t bleu = 6;
    report.history.columns.erase(report.history.columns.begin() + bleu);
    for (auto& row : report.history.rows) {
      row.erase(row.begin() + bleu);
    }
  }
}

}  // namespace

RunReport make_run_report(const RunReportInputs& inputs) {
  RunReport report;
  report.title = inputs.title;
  const auto& validations = inputs.history->validations();
  const std::int64_t steps = validations.empty() ? 0 : validations.back().step;
  report.summary.push_back({"Parameters", count_text(inputs.parameters), true});
  report.summary.push_back({"Steps", count_text(steps), true});
  if (inputs.best_loss) {
    report.summary.push_back({"Validation loss", fmt::format("{:.4f}", *inputs.best_loss), true});
    report.summary.push_back(
        {"Validation perplexity", fmt::format("{:.2f}", std::exp(*inputs.best_loss))});
  }
  if (inputs.best_bleu) {
    report.summary.push_back({"Validation BLEU", fmt::format("{:.2f}", *inputs.best_bleu), true});
  }
  report.summary.push_back({"Time", duration_text(inputs.seconds)});
  report.summary.push_back(
      {"Peak memory", fmt::format("{} MB", memory_statistics().peak_bytes >> 20)});
  if (inputs.skipped > 0) {
    report.summary.push_back({"Updates skipped", count_text(inputs.skipped)});
    report.notes.push_back(fmt::format(
        "{} updates were skipped because loss or gradient was not finite.", inputs.skipped));
  }
  add_curves(report, *inputs.history);
  add_history(report, *inputs.history);
  const Chrf chrf;
  report.sample_score_name = "chrF2";
  for (std::size_t i = 0; i < std::min(inputs.samples, inputs.translations.size()); ++i) {
    const std::vector<std::string> hypothesis = {inputs.translations[i]};
    const std::vector<std::vector<std::string>> reference = {{inputs.references[i]}};
    report.samples.push_back({.source = inputs.sources[i],
                              .reference = inputs.references[i],
                              .hypothesis = inputs.translations[i],
                              .score = corpus_chrf(hypothesis, reference)});
  }
  report.attention.assign(inputs.attention.begin(), inputs.attention.end());
  return report;
}

}  // namespace heed
