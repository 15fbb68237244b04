#include "heed/tasks/run_results.h"

#include <fmt/format.h>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/base/number_text.h"
#include "heed/formats/event_file.h"
#include "heed/inspect/report.h"
#include "heed/metrics/bootstrap.h"
#include "heed/training/validation_table.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

// TensorBoard reads every file with "tfevents" in its name; the trainer's own is left alone, so
// that a resumed run finds in it what it wrote.
constexpr const char* event_file = "events.out.tfevents.heed-test";

Json measure_json(const TestMeasure& measure) {
  Json json = {{"name", measure.style.name},
               {"value", measure.value},
               {"lower_is_better", measure.style.lower_is_better},
               {"decimals", measure.style.decimals}};
  if (measure.interval) {
    json["interval"] = {{"mean", measure.interval->mean},
                        {"half_width", measure.interval->half_width}};
  }
  if (!measure.signature.empty()) {
    json["signature"] = measure.signature;
  }
  return json;
}

TestMeasure measure_from(const std::string& key, const Json& json) {
  TestMeasure measure;
  measure.style.key = key;
  measure.style.name = json.at("name");
  measure.style.lower_is_better = json.at("lower_is_better");
  measure.style.decimals = json.at("decimals");
  measure.value = number_or_nan(json.at("value"));
  if (json.contains("interval")) {
    measure.interval = {number_or_nan(json["interval"].at("mean")),
                        number_or_nan(json["interval"].at("half_width"))};
  }
  measure.signature = json.value("signature", "");
  return measure;
}

// "beam 4, length_penalty 0.6"
std::string settings_text(const std::string& decoding) {
  const Json settings = Json::parse(decoding);
  std::string text;
  for (const auto& item : settings.items()) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", item.key(), item.value().dump());
  }
  return text;
}

std::vector<SummaryRow> rows_of(const RunResults& results) {
  std::vector<SummaryRow> rows;
  for (const TestMeasure& measure : results.test.measures) {
    std::string value = measure_text(measure.style, measure.value);
    rows.push_back({"Test " + measure.style.name, value, rows.empty()});
    if (measure.interval) {
      rows.push_back({"95 % interval",
                      fmt::format("{} ± {}", measure_text(measure.style, measure.interval->mean),
                                  measure_text(measure.style, measure.interval->half_width))});
    }
    if (!measure.signature.empty()) {
      rows.push_back({"Signature", measure.signature});
    }
  }
  rows.push_back({"Tested", fmt::format("{} examples in {}, {}", count_text(results.test.examples),
                                        duration_text(results.test_seconds), results.time)});
  rows.push_back({"Tested model", results.model});
  if (!results.test.decoding.empty()) {
    rows.push_back({"Decoding", settings_text(results.test.decoding)});
  }
  return rows;
}

RunResults results_from(const Json& json) {
  RunResults results{.version = json.at("heed"),
                     .time = json.at("time"),
                     .task = json.at("task"),
                     .title = json.at("title"),
                     .seed = json.at("seed"),
                     .precision = json.at("precision"),
                     .steps = json.at("steps"),
                     .model = json.at("model"),
                     .training_seconds = number_or_nan(json.at("training_seconds")),
                     .test_seconds = number_or_nan(json.at("test_seconds"))};
  results.test.line = json.at("line");
  results.test.examples = json.at("examples");
  for (const auto& item : json.at("measures").items()) {
    results.test.measures.push_back(measure_from(item.key(), item.value()));
  }
  if (json.contains("decoding")) {
    results.test.decoding = json["decoding"].dump();
  }
  return results;
}

}  // namespace

TestMeasure measure_of(const Metric& metric, const SentenceStatistics& statistics,
                       const std::string& signature) {
  TestMeasure measure{.style = metric.style(),
                      .value = metric.score_of(statistics.total()),
                      .signature = signature};
  if (statistics.rows() > 1) {
    measure.interval = bootstrap_interval(metric, statistics, {});
  }
  return measure;
}

Json results_json(const RunResults& results) {
  Json json = {{"heed", results.version},
               {"time", results.time},
               {"task", results.task},
               {"title", results.title},
               {"seed", results.seed},
               {"precision", results.precision},
               {"steps", results.steps},
               {"model", results.model},
               {"training_seconds", results.training_seconds},
               {"test_seconds", results.test_seconds},
               {"examples", results.test.examples},
               {"measures", Json::object()}};
  for (const TestMeasure& measure : results.test.measures) {
    json["measures"][measure.style.key] = measure_json(measure);
  }
  if (!results.test.decoding.empty()) {
    json["decoding"] = Json::parse(results.test.decoding);
  }
  json["line"] = results.test.line;
  return json;
}

void keep_results(const RunResults& results, const fs::path& run) {
  write_file_atomically(run / "results.json", results_json(results).dump(2) + "\n");
  const fs::path page = run / "report.html";
  if (path_exists(page)) {
    write_file_atomically(page, with_results(read_file(page), rows_of(results)));
  }
  remove_tree(run / event_file);
  EventFileWriter events(run / event_file);
  for (const TestMeasure& measure : results.test.measures) {
    events.add_scalar("test/" + measure.style.key, measure.value, results.steps);
  }
  events.flush();
}

std::optional<RunResults> read_results(const fs::path& run) {
  const fs::path path = run / "results.json";
  if (!path_exists(path)) {
    return std::nullopt;
  }
  const Json json = parse_json(read_file(path, 1u << 20), path.string());
  try {
    return results_from(json);
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::bad_data, "{}: not what was written there: {}", path.string(), error.what());
  }
}

void remove_results(const fs::path& run) {
  remove_tree(run / "results.json");
  remove_tree(run / event_file);
}

}  // namespace heed
