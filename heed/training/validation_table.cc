#include "heed/training/validation_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "heed/base/number_text.h"

namespace heed {

std::string measure_text(const MetricStyle& style, double value) {
  return fmt::format("{:.{}f}", value, style.decimals + 1);
}

std::vector<ValidationColumn> validation_columns(const LossStyle& loss,
                                                 std::span<const TaskMeasure> measures) {
  using Record = ValidationRecord;
  std::vector<ValidationColumn> columns = {
      {"epoch", "epoch", 6, [](const Record& r) { return std::to_string(r.epoch); }},
      {"step", "step", 8, [](const Record& r) { return count_text(r.step); }},
      {"train loss", "train loss", 12,
       [](const Record& r) { return fmt::format("{:.4f}", r.train_loss); }}};
  if (loss.perplexity) {
    columns.push_back({"train PPL", "ppl", 7, [](const Record& r) {
                         return fmt::format("{:.2f}", std::exp(r.train_loss));
                       }});
  }
  columns.push_back(
      {"loss", "valid loss", 12, [](const Record& r) { return fmt::format("{:.4f}", r.loss); }});
  if (loss.perplexity) {
    columns.push_back({"perplexity", "ppl", 7,
                       [](const Record& r) { return fmt::format("{:.2f}", std::exp(r.loss)); }});
  }
  for (const TaskMeasure& measure : measures) {
    const MetricStyle& style = measure.style;
    columns.push_back({style.name, style.name, std::max(7, static_cast<int>(style.name.size())),
                       [style](const Record& r) {
                         const std::optional<double> value = r.measure(style.key);
                         return value ? measure_text(style, *value) : std::string("–");
                       }});
  }
  columns.push_back({"time", "time", 9, [](const Record& r) { return duration_text(r.seconds); }});
  return columns;
}

}  // namespace heed
