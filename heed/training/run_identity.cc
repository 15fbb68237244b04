#include "heed/training/run_identity.h"

#include <fmt/format.h>
#include <algorithm>
#include <map>

#include "heed/base/json.h"

namespace heed {

namespace {

// Keys that may differ between a run and its continuation, because no step depends on them.
constexpr std::string_view free_keys[] = {
    "threads",           "training.keep_last", "training.max_epochs",     "training.max_steps",
    "training.patience", "training.log_every", "training.report_samples", "data.directory"};

using Leaves = std::map<std::string, std::string>;  // dotted key to value

void add_leaves(const Json& json, const std::string& prefix, Leaves& out) {
  if (!json.is_object()) {
    out[prefix] = json.dump();
    return;
  }
  for (const auto& item : json.items()) {
    add_leaves(item.value(), prefix.empty() ? item.key() : prefix + "." + item.key(), out);
  }
}

Leaves leaves_of(const std::string& document) {
  Leaves leaves;
  if (!document.empty()) {
    add_leaves(parse_json(document, "the recipe of a run"), "", leaves);
  }
  return leaves;
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
