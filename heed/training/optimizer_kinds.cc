#include "heed/training/optimizer_kinds.h"

#include <algorithm>
#include <vector>

#include "heed/base/error.h"

namespace heed {

namespace {

const std::vector<OptimizerKind>& optimizer_kinds() {
  static const std::vector<OptimizerKind> kinds = {adam_kind(), adamw_kind(), muon_kind()};
  return kinds;
}

}  // namespace

const OptimizerKind& optimizer_kind(const std::string& name) {
  const std::vector<OptimizerKind>& kinds = optimizer_kinds();
  const auto found = std::find_if(kinds.begin(), kinds.end(),
                                  [&](const OptimizerKind& kind) { return kind.name == name; });
  if (found == kinds.end()) {
    std::vector<std::string> names;
    for (const OptimizerKind& kind : kinds) {
      names.push_back(kind.name);
    }
    fail(ErrorKind::usage, "optimizer.kind '{}': expected {}", name, names);
  }
  return *found;
}

}  // namespace heed
