#include "heed/training/run_identity.h"

#include <fmt/format.h>
#include <algorithm>
#include <map>

#include "heed/base/json.h"
#include "heed/base/json_leaves.h"

namespace heed {

namespace {

// Keys that may differ between a run and its continuation, because no step depends on them.
constexpr std::string_view free_keys[] = {
    "threads",           "training.keep_last", "training.max_epochs",     "training.max_steps",
    "training.patience", "training.log_every", "training.report_samples", "data.directory"};

using Leaves = std::map<std::string, std::string>;  // dotted key to value

Leaves leaves_of(const std::string& document) {
  return document.empty() ? Leaves() : json_leaves(parse_json(document, "the recipe of a run"));
}

bool is_free(const std::string& key, bool fixed_end) {
  return std::find(std::begin(free_keys), std::end(free_keys), key) != std::end(free_keys) &&
         !(fixed_end && key == "training.max_steps");
}

}  // namespace

std::string changes_since(const std::string& saved, const RunIdentity& now, bool fixed_end) {
  Leaves before = leaves_of(saved);
  before.merge(leaves_of(now.defaults));  // adds what is not there
  std::string changes;
  for (const auto& [key, value] : leaves_of(now.recipe)) {
    const auto found = before.find(key);
    const std::string old = found == before.end() ? "nothing" : found->second;
    if (old != value && !is_free(key, fixed_end)) {
      changes +=
          fmt::format("{}{}: {} before, {} now", changes.empty() ? "" : "; ", key, old, value);
    }
  }
  return changes;
}

}  // namespace heed
