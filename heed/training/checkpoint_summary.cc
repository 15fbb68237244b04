#include "heed/training/checkpoint_summary.h"

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"

namespace heed {

std::optional<ValidationRecord> best_from_json(const Json& json) {
  if (json.is_null()) {
    return std::nullopt;
  }
  ValidationRecord best{.loss = number_or_nan(json.at("loss"))};
  for (const auto& item : json.at("measures").items()) {
    best.measures.emplace_back(item.key(), number_or_nan(item.value()));
  }
  return best;
}

std::optional<CheckpointSummary> read_checkpoint_summary(const std::filesystem::path& directory) {
  constexpr std::uint64_t size_limit = std::uint64_t{1} << 24;
  const std::filesystem::path path = directory / "state.json";
  if (!path_exists(path)) {
    return std::nullopt;
  }
  const Json state = parse_json(read_file(path, size_limit), path.string());
  try {
    CheckpointSummary summary{.step = state.at("step").get<std::int64_t>(),
                              .epoch = state.at("epoch").get<std::int64_t>(),
                              .best = best_from_json(state.at("best"))};
    if (summary.best) {
      summary.best->step = state.at("best_step").get<std::int64_t>();
    }
    return summary;
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::bad_data, "{}: not the state of a run: {}", path.string(), error.what());
  }
}

}  // namespace heed
