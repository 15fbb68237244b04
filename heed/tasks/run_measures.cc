#include "heed/tasks/run_measures.h"

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

Json set_json(const SetResult& set) {
  Json rows = Json::array();
  for (std::size_t i = 0; i < set.statistics.rows(); ++i) {
    const auto row = set.statistics.row(i);
    rows.push_back(std::vector<std::int64_t>(row.begin(), row.end()));
  }
  return {{"loss", set.loss ? Json(*set.loss) : Json()},
          {"refusal", set.refusal},
          {"columns", set.statistics.columns()},
          {"sentences", rows}};
}

SetResult set_from_json(const Json& json) {
  SetResult set;
  if (!json.at("loss").is_null()) {
    set.loss = json.at("loss").get<double>();
  }
  set.refusal = json.at("refusal");
  const std::size_t columns = json.at("columns");
  check_data(columns >= 1 && columns <= 10'000, "{} columns", columns);
  set.statistics = SentenceStatistics(columns);
  for (const Json& row : json.at("sentences")) {
    set.statistics.append(row.get<std::vector<std::int64_t>>());
  }
  return set;
}

}  // namespace

void write_measures(const RunResult& result, const Json& identity, const fs::path& run) {
  Json sets = Json::array();
  for (const SetResult& set : result.sets) {
    sets.push_back(set_json(set));
  }
  const Json json = {{"identity", identity},
                     {"seed", result.seed},
                     {"steps", result.steps},
                     {"seconds", result.seconds},
                     {"peak_bytes", result.peak_bytes},
                     {"sets", sets}};
  write_file_atomically(run / "measures.json", json.dump() + "\n");
}

std::optional<RunResult> read_measures(const Json& identity, const fs::path& run) {
  const fs::path path = run / "measures.json";
  if (!path_exists(path)) {
    return std::nullopt;
  }
  const Json json = parse_json(read_file(path), path.string());
  try {
    if (json.at("identity") != identity) {
      return std::nullopt;
    }
    RunResult result{.seed = json.at("seed"),
                     .steps = json.at("steps"),
                     .seconds = json.at("seconds"),
                     .peak_bytes = json.at("peak_bytes")};
    for (const Json& set : json.at("sets")) {
      result.sets.push_back(set_from_json(set));
    }
    result.metrics = read_metrics(run / "metrics.jsonl");
    return result;
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::bad_data, "{}: not what was written there: {}", path.string(), error.what());
  } catch (const Error& error) {
    fail(ErrorKind::bad_data, "{}: not what was written there: {}", path.string(), error.what());
  }
}

}  // namespace heed
