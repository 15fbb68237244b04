#include "heed/comparison/json.h"

#include <span>

#include "heed/base/json.h"

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

// The scores by `shown` and by the other metrics, each under its key.
void add_scores(Json& json, const Metric& shown, const RunScores& scores,
                const std::vector<MetricScores>& besides) {
  json[shown.style().key] = spread_json(scores.scores);
  for (const MetricScores& other : besides) {
    json[other.metric->style().key] = spread_json(other.scores);
  }
}

Json bucket_json(const GroupMeasures& measures, const BucketSummary& bucket,
                 const LengthBucket& description) {
  Json json = {{"length", description.label}};
  add_scores(json, *measures.length_metric(), bucket.scores, bucket.besides);
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
    buckets.push_back(bucket_json(group.measures, summary.buckets[i], group.buckets[i]));
  }
  Json json = {{"name", variant.label}, {"directory", variant.directory},
               {"settings", settings},  {"parameters", variant.parameters},
               {"runs", seeds},         {"loss", spread_json(summary.loss)}};
  add_scores(json, *group.measures.metric, summary.scores, summary.besides);
  json["by_length"] = buckets;
  if (group.measures.breaks.any()) {
    json["breaks_at"] = summary.breaks_at ? Json(group.buckets[*summary.breaks_at].length) : Json();
  }
  const auto speed = summary.tokens_per_second;
  json["cost"] = {{"tokens_per_second", speed ? Json(*speed) : Json()},
                  {"peak_memory_bytes", summary.peak_bytes},
                  {"seconds", summary.seconds}};
  return json;
}

Json group_json(const ComparisonGroup& group, const GroupSummary& found) {
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
  const MetricStyle& style = group.measures.metric->style();
  return {{"name", group.label},
          {"quality", style.key},
          {"lower_is_better", style.lower_is_better},
          {"test_sentences", group.sentences},
          {"training_length", group.training_length},
          {"length_unit", group.length_unit},
          {"variants", variants},
          {"differences", pairs_json(group, found.pairs)},
          {"lengths", buckets},
          {"findings", found.findings},
          {"length_findings", found.length_findings}};
}

}  // namespace

std::string comparison_json(const Comparison& comparison, const ComparisonSummary& summary) {
  Json groups = Json::array();
  for (std::size_t i = 0; i < comparison.groups.size(); ++i) {
    groups.push_back(group_json(comparison.groups[i], summary.groups[i]));
  }
  const Json json = {{"title", comparison.title}, {"notes", comparison.notes}, {"groups", groups}};
  return json.dump(1) + "\n";
}

}  // namespace heed
