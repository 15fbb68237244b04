#include "heed/comparison/charts.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string_view>

#include "heed/comparison/words.h"

namespace heed {

namespace {

// What a validation measured under a key.
std::optional<double> measure_of(const ValidationRecord& record, std::string_view key) {
  return record.measure(key);
}

BandPoint band_at(double x, const std::vector<double>& values) {
  const auto [least, largest] = std::minmax_element(values.begin(), values.end());
  return {x, spread_of(values).mean, *least, *largest};
}

// A curve for each variant over the steps that all its runs have.
template <typename Record>
std::vector<BandCurve> curves_over_steps(
    const ComparisonGroup& group, const std::vector<Record> Metrics::*records,
    const std::function<std::optional<double>(const Record&)>& value) {
  std::vector<BandCurve> curves;
  for (const VariantResult& variant : group.variants) {
    std::map<std::int64_t, std::vector<double>> by_step;
    for (const RunResult& run : variant.runs) {
      for (const Record& record : run.metrics.*records) {
        if (const auto found = value(record)) {
          by_step[record.step].push_back(*found);
        }
      }
    }
    BandCurve& curve = curves.emplace_back();
    curve.name = variant.label;
    curve.series = curves.size() - 1;
    for (const auto& [step, values] : by_step) {
      if (values.size() == variant.runs.size()) {
        curve.points.push_back(band_at(static_cast<double>(step), values));
      }
    }
  }
  return curves;
}

std::vector<BandCurve> validation_curves(const ComparisonGroup& group, const std::string& key) {
  return curves_over_steps<ValidationRecord>(
      group, &Metrics::validations,
      [&](const ValidationRecord& record) { return measure_of(record, key); });
}

// Names and limits of an axis of scores.
ComparisonChart score_chart(const std::string& title, const MetricStyle& style) {
  ComparisonChart chart{.title = title};
  if (style.lower_is_better) {
    chart.unit = "lower is better";
  } else {
    chart.low = 0;
  }
  return chart;
}

ComparisonChart length_chart(const ComparisonGroup& group, const GroupSummary& summary) {
  const GroupMeasures& measures = group.measures;
  const MetricStyle& style = measures.length_metric()->style();
  ComparisonChart chart = score_chart(capitalised(style.name + ", by length"), style);
  chart.x_name = group.length_unit;
  chart.dots = true;
  if (!measures.share_of.empty()) {
    chart.title = capitalised(measures.share_of + " right, by length");
    chart.unit = "%";
    chart.high = 100;
  }
  if (std::any_of(group.buckets.begin(), group.buckets.end(),
                  [](const LengthBucket& bucket) { return bucket.beyond; })) {
    chart.mark = static_cast<double>(group.training_length);
    chart.mark_name = "trained up to here";
  }
  for (std::size_t i = 0; i < group.variants.size(); ++i) {
    BandCurve curve{.name = group.variants[i].label, .series = i};
    for (std::size_t bucket = 0; bucket < group.buckets.size(); ++bucket) {
      curve.points.push_back(
          band_at(group.buckets[bucket].length, summary.variants[i].buckets[bucket].scores.scores));
    }
    chart.curves.push_back(std::move(curve));
  }
  return chart;
}

}  // namespace

std::vector<ComparisonChart> comparison_charts(const ComparisonGroup& group,
                                               const GroupSummary& summary) {
  std::vector<ComparisonChart> charts;
  if (!group.buckets.empty()) {
    charts.push_back(length_chart(group, summary));
  }
  charts.push_back({.title = "Validation loss",
                    .x_name = "step",
                    .unit = "nats per token",
                    .curves = validation_curves(group, "loss")});
  const MetricStyle& style = group.measures.metric->style();
  ComparisonChart scores = score_chart("Validation " + style.name, style);
  scores.x_name = "step";
  scores.curves = validation_curves(group, style.key);
  charts.push_back(std::move(scores));
  charts.push_back({.title = "Training loss",
                    .x_name = "step",
                    .unit = "nats per token, smoothed labels",
                    .curves = curves_over_steps<StepRecord>(
                        group, &Metrics::steps,
                        [](const StepRecord& record) { return std::optional(record.loss); })});
  std::erase_if(charts, [](const ComparisonChart& chart) {
    return std::all_of(chart.curves.begin(), chart.curves.end(),
                       [](const BandCurve& curve) { return curve.points.empty(); });
  });
  return charts;
}

}  // namespace heed
