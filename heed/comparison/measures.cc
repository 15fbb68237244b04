#include "heed/comparison/measures.h"

#include <algorithm>

namespace heed {

std::vector<std::shared_ptr<const Metric>> GroupMeasures::all_but(
    const std::shared_ptr<const Metric>& shown) const {
  std::vector<std::shared_ptr<const Metric>> others;
  const auto add = [&](const std::shared_ptr<const Metric>& other) {
    if (other && other != shown && std::find(others.begin(), others.end(), other) == others.end()) {
      others.push_back(other);
    }
  };
  add(metric);
  add(by_length);
  for (const auto& other : besides) {
    add(other);
  }
  return others;
}

}  // namespace heed
