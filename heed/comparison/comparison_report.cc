#include "heed/comparison/comparison_report.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "heed/training/progress.h"

namespace heed {

namespace {

Json spread_json(std::span<const double> scores) {
  if (scores.empty()) {
    return nullptr;
  }
  const ScoreSpread spread = spread_of(scores);
  return {{"mean", spread.mean},
          {"deviation", spread.deviation},
          {"by_seed", std::vector<double>(scores.begin(), scores.end())}};
}

Json pairs_json(const ComparisonGroup& group, const std::vector<PairSummary>& pairs) {
  Json list = Json::array();
  for (const PairSummary& pair : pairs) {
    const RunDifference& d = pair.difference;
    list.push_back({{"first", group.variants[pair.first].label},
                    {"second", group.variants[pair.second].label},
                    {"difference", d.difference},
                    {"interval", {d.lower, d.upper}},
                    {"margin_over_seeds", d.margin ? Json(*d.margin) : Json()},
                    {"exceeds_noise", d.exceeds_noise()}});
  }
  return list;
}

Json bucket_json(const BucketSummary& bucket, const LengthBucket& description, Quality quality) {
  Json json = {{"length", description.label}};
  json[style_of(quality).bucket_key] = spread_json(bucket.quality.scores);
  if (!bucket.exact.empty()) {
    json["exact_match"] = spread_json(bucket.exact);
  }
  if (!bucket.refusal.empty()) {
    json["refusal"] = bucket.refusal;
  }
  return json;
}

Json variant_json(const ComparisonGroup& group, const VariantResult& variant,
                  const VariantSummary& summary) {
  Json settings = Json::object(), seeds = Json::array(), buckets = Json::array();
  for (const auto& [key, value] : variant.settings) {
    settings[key] = value;
  }
  for (const RunResult& run : variant.runs) {
    seeds.push_back({{"seed", run.seed}, {"steps", run.steps}});
  }
  for (std::size_t i = 0; i < summary.buckets.size(); ++i) {
    buckets.push_back(bucket_json(summary.buckets[i], group.buckets[i], group.quality));
  }
  Json json = {{"name", variant.label}, {"directory", variant.directory},
               {"settings", settings},  {"parameters", variant.parameters},
               {"runs", seeds},         {"loss", spread_json(summary.loss)}};
  json[style_of(group.quality).key] = spread_json(summary.quality.scores);
  if (group.quality == Quality::accuracy) {
    json["token_accuracy"] = spread_json(summary.token_accuracy);
  }
  json["by_length"] = buckets;
  if (group.quality != Quality::bleu) {
    json["breaks_at"] = summary.breaks_at ? Json(group.buckets[*summary.breaks_at].length) : Json();
  }
  json["cost"] = {{"tokens_per_second", summary.tokens_per_second},
                  {"peak_memory_bytes", summary.peak_bytes},
                  {"seconds", summary.seconds}};
  return json;
}

// The mean over the runs with the least and the largest, at the steps that all of them have.
template <typename Record>
BandCurve band_over_steps(const VariantResult& variant, std::size_t series,
                          const std::vector<Record> Metrics::*records,
                          const std::function<std::optional<double>(const Record&)>& value) {
  std::map<std::int64_t, std::vector<double>> by_step;
  for (const RunResult& run : variant.runs) {
    for (const Record& record : run.metrics.*records) {
      if (const auto found = value(record)) {
        by_step[record.step].push_back(*found);
      }
    }
  }
  BandCurve curve{.name = variant.label, .series = series};
  for (const auto& [step, values] : by_step) {
    if (values.size() == variant.runs.size()) {
      const auto [least, largest] = std::minmax_element(values.begin(), values.end());
      curve.points.push_back({static_cast<double>(step), spread_of(values).mean, *least, *largest});
    }
  }
  return curve;
}

ComparisonChart length_chart(const ComparisonGroup& group, const GroupSummary& summary) {
  ComparisonChart chart{
      .title = "BLEU, by length", .x_name = group.length_unit, .low = 0, .dots = true};
  if (group.quality == Quality::accuracy) {
    chart.title = "Tokens right, by length";
    chart.unit = "%";
    chart.high = 100;
  } else if (group.quality == Quality::bits_per_character) {
    chart.title = "Bits per character, by length";
    chart.unit = "lower is better";
    chart.low.reset();
  }
  if (std::any_of(group.buckets.begin(), group.buckets.end(),
                  [](const LengthBucket& bucket) { return bucket.beyond; })) {
    chart.mark = static_cast<double>(group.training_length);
    chart.mark_name = "trained up to here";
  }
  for (std::size_t i = 0; i < group.variants.size(); ++i) {
    BandCurve curve{.name = group.variants[i].label, .series = i};
    for (std::size_t bucket = 0; bucket < group.buckets.size(); ++bucket) {
      const auto& scores = summary.variants[i].buckets[bucket].quality.scores;
      const auto [least, largest] = std::minmax_element(scores.begin(), scores.end());
      curve.points.push_back(
          {group.buckets[bucket].length, spread_of(scores).mean, *least, *largest});
    }
    chart.curves.push_back(std::move(curve));
  }
  return chart;
}

std::vector<ComparisonChart> charts_of(const ComparisonGroup& group, const GroupSummary& summary) {
  using Number = std::optional<double>;
  ComparisonChart loss{.title = "Validation loss", .x_name = "step", .unit = "nats per token"};
  ComparisonChart bleu{.title = "Validation BLEU", .x_name = "step", .low = 0};
  ComparisonChart training{
      .title = "Training loss", .x_name = "step", .unit = "nats per token, smoothed labels"};
  for (std::size_t i = 0; i < group.variants.size(); ++i) {
    const VariantResult& variant = group.variants[i];
    loss.curves.push_back(band_over_steps<ValidationRecord>(
        variant, i, &Metrics::validations,
        [](const ValidationRecord& record) { return Number(record.loss); }));
    bleu.curves.push_back(band_over_steps<ValidationRecord>(
        variant, i, &Metrics::validations, [](const ValidationRecord& r) { return r.bleu; }));
    training.curves.push_back(band_over_steps<StepRecord>(
        variant, i, &Metrics::steps, [](const StepRecord& r) { return Number(r.loss); }));
  }
  std::vector<ComparisonChart> charts;
  if (!group.buckets.empty()) {
    charts.push_back(length_chart(group, summary));
  }
  charts.push_back(std::move(loss));
  if (group.quality == Quality::bleu) {
    charts.push_back(std::move(bleu));
  }
  charts.push_back(std::move(training));
  std::erase_if(charts, [](const ComparisonChart& chart) {
    return std::all_of(chart.curves.begin(), chart.curves.end(),
                       [](const BandCurve& curve) { return curve.points.empty(); });
  });
  return charts;
}

}  // namespace

Json comparison_json(const Comparison& comparison, const ComparisonSummary& summary) {
  Json groups = Json::array();
  for (std::size_t i = 0; i < comparison.groups.size(); ++i) {
    const ComparisonGroup& group = comparison.groups[i];
    const GroupSummary& found = summary.groups[i];
    Json variants = Json::array(), buckets = Json::array();
    for (std::size_t v = 0; v < group.variants.size(); ++v) {
      variants.push_back(variant_json(group, group.variants[v], found.variants[v]));
    }
    for (std::size_t b = 0; b < group.buckets.size(); ++b) {
      buckets.push_back({{"length", group.buckets[b].label},
                         {"mean_length", group.buckets[b].length},
                         {"beyond_training", group.buckets[b].beyond},
                         {"differences", pairs_json(group, found.bucket_pairs[b])}});
    }
    groups.push_back({{"name", group.label},
                      {"quality", style_of(group.quality).key},
                      {"lower_is_better", style_of(group.quality).lower_is_better},
                      {"test_sentences", group.sentences},
                      {"training_length", group.training_length},
                      {"length_unit", group.length_unit},
                      {"variants", variants},
                      {"differences", pairs_json(group, found.pairs)},
                      {"lengths", buckets},
                      {"findings", found.findings},
                      {"length_findings", found.length_findings}});
  }
  return {{"title", comparison.title}, {"notes", comparison.notes}, {"groups", groups}};
}

ComparisonPage comparison_page(const Comparison& comparison, const ComparisonSummary& summary) {
  ComparisonPage page{
      .title = comparison.title, .subtitle = comparison.subtitle, .notes = comparison.notes};
  for (std::size_t i = 0; i < comparison.groups.size(); ++i) {
    const ComparisonGroup& group = comparison.groups[i];
    const GroupSummary& found = summary.groups[i];
    page.sections.push_back({.title = group.label,
                             .findings = found.findings,
                             .tables = comparison_tables(group, found),
                             .charts = charts_of(group, found),
                             .details = found.length_findings,
                             .details_title = "Findings by length"});
  }
  return page;
}

}  // namespace heed
