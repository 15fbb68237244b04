#include "heed/shots/shot_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "heed/inspect/figure.h"
#include "heed/metrics/paired_bootstrap.h"
#include "heed/metrics/score_line.h"

namespace heed {

namespace {

// A mean of values in millionths; of log p, the perplexity.
class ShotMean : public Metric {
 public:
  explicit ShotMean(const ShotMeasure& measure)
      : style_{.key = measure.metric,
               .name = measure.metric,
               .unit = measure.metric,
               .decimals = 2,
               .lower_is_better = measure.lower_is_better} {}

  const MetricStyle& style() const override { return style_; }
  double score_of(std::span<const std::int64_t> totals) const override {
    return score(static_cast<double>(totals[0]) / static_cast<double>(totals[1]));
  }
  double resampled_score(std::span<const float> totals) const override {
    return score(static_cast<double>(totals[0]) / static_cast<double>(totals[1]));
  }

  static SentenceStatistics statistics(const ShotMeasure& measure) {
    SentenceStatistics statistics(2);
    for (const double value : measure.values) {
      const std::int64_t row[] = {std::llround(value * millionths), 1};
      statistics.append(row);
    }
    return statistics;
  }

 private:
  static constexpr double millionths = 1e6;
  double score(double mean) const {
    return style_.lower_is_better ? std::exp(-mean / millionths) : mean / millionths;
  }

  MetricStyle style_;
};

RunScores scores_of(const ShotMeasure& measure) {
  const SentenceStatistics statistics[] = {ShotMean::statistics(measure)};
  return score_runs(ShotMean(measure), statistics, {});
}

// In percent but for perplexities.
double shown(const ShotMeasure& measure, double value) {
  return measure.lower_is_better ? value : 100 * value;
}

std::string measure_text(const ShotMeasure& measure) {
  return fmt::format("{} ± {}", format_decimal(shown(measure, measure.value), 2),
                     format_decimal(shown(measure, measure.error), 2));
}

const ShotDifference* find(std::span<const ShotDifference> differences, const ShotResult& result,
                           const std::string& metric) {
  for (const ShotDifference& item : differences) {
    if (item.task == result.task && item.shots == result.shots && item.metric == metric) {
      return &item;
    }
  }
  return nullptr;
}

}  // namespace

std::string shots_text(int shots) {
  return fmt::format("{} {}", shots, shots == 1 ? "shot" : "shots");
}

std::vector<ShotDifference> shot_differences(std::span<const ShotResult> results) {
  std::map<std::string, const ShotResult*> first;
  std::vector<ShotDifference> differences;
  for (const ShotResult& result : results) {
    const auto [baseline, is_first] = first.emplace(result.task, &result);
    if (is_first) {
      continue;
    }
    for (std::size_t m = 0; m < result.measures.size(); ++m) {
      const RunDifference difference =
          compare_runs(scores_of(result.measures[m]), scores_of(baseline->second->measures[m]));
      differences.push_back({.task = result.task,
                             .metric = result.measures[m].metric,
                             .shots = result.shots,
                             .baseline = baseline->second->shots,
                             .difference = difference.difference,
                             .lower = difference.lower,
                             .upper = difference.upper});
    }
  }
  return differences;
}

std::string shot_table(std::span<const ShotResult> results) {
  const std::vector<ShotDifference> differences = shot_differences(results);
  std::size_t width = 4;
  for (const ShotResult& result : results) {
    width = std::max(width, result.task.size());
  }
  std::string table = fmt::format("{:<{}}  shots  documents  measure\n", "task", width);
  for (const ShotResult& result : results) {
    std::string measures;
    for (const ShotMeasure& measure : result.measures) {
      const ShotDifference* difference = find(differences, result, measure.metric);
      measures += fmt::format("{}{} {}{}", measures.empty() ? "" : ", ", measure.metric,
                              measure_text(measure),
                              difference != nullptr && difference->exceeds_noise() ? " *" : "");
    }
    table += fmt::format("{:<{}}  {:>5}  {:>9}  {}\n", result.task, width, result.shots,
                         result.prompts.size(), measures);
  }
  return table;
}

Json shot_json(std::span<const ShotResult> results) {
  Json json = {{"results", Json::array()}, {"differences", Json::array()}};
  for (const ShotResult& result : results) {
    Json measures = Json::object();
    for (const ShotMeasure& measure : result.measures) {
      measures[measure.metric] = {{"value", measure.value}, {"standard_error", measure.error}};
    }
    json["results"].push_back({{"task", result.task},
                               {"shots", result.shots},
                               {"documents", result.prompts.size()},
                               {"measures", std::move(measures)},
                               {"seconds", result.seconds}});
  }
  for (const ShotDifference& item : shot_differences(results)) {
    json["differences"].push_back({{"task", item.task},
                                   {"metric", item.metric},
                                   {"shots", item.shots},
                                   {"baseline", item.baseline},
                                   {"difference", item.difference},
                                   {"lower", item.lower},
                                   {"upper", item.upper}});
  }
  return json;
}

std::string shot_page(std::span<const ShotResult> results, const std::string& model) {
  FigureSheet sheet{.title = "Shots: " + model,
                    .subtitle =
                        "What the model makes of tasks that it sees examples of, by the "
                        "number of examples in the prompt"};
  std::vector<std::pair<std::string, std::vector<const ShotResult*>>> tasks;
  for (const ShotResult& result : results) {
    const auto known = std::find_if(tasks.begin(), tasks.end(),
                                    [&](const auto& item) { return item.first == result.task; });
    if (known == tasks.end()) {
      tasks.push_back({result.task, {&result}});
    } else {
      known->second.push_back(&result);
    }
  }
  for (auto& [name, runs] : tasks) {
    std::stable_sort(runs.begin(), runs.end(),
                     [](const ShotResult* a, const ShotResult* b) { return a->shots < b->shots; });
    for (std::size_t m = 0; m < runs.front()->measures.size(); ++m) {
      const ShotMeasure& first = runs.front()->measures[m];
      FigureLine line{.name = first.metric, .x = {}, .y = {}};
      std::string numbers;
      for (const ShotResult* run : runs) {
        line.x.push_back(run->shots);
        line.y.push_back(shown(run->measures[m], run->measures[m].value));
        numbers += fmt::format("{}{}: {}", numbers.empty() ? "" : "; ", shots_text(run->shots),
                               measure_text(run->measures[m]));
      }
      sheet.figures.push_back(
          {.title = name + ": " + first.metric,
           .caption = fmt::format("{} documents. {} (standard error).",
                                  runs.front()->prompts.size(), numbers),
           .content = LineFigure{.lines = {line},
                                 .x_name = "examples in the prompt",
                                 .y_name = first.lower_is_better ? "perplexity" : "percent",
                                 .points = true}});
    }
  }
  return render_figure_page(sheet);
}

}  // namespace heed
