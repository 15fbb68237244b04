#include "heed/comparison/measures.h"

#include <algorithm>

namespace heed {

bool same_metric(const Metric& a, const Metric& b) {
  return a.style().key == b.style().key;
}

std::vector<std::shared_ptr<const Metric>> GroupMeasures::all_but(
    const std::shared_ptr<const Metric>& shown) const {
  std::vector<std::shared_ptr<const Metric>> others;
  const auto add = [&](const std::shared_ptr<const Metric>& other) {
    if (other && !same_metric(*other, *shown) &&
        std::none_of(others.begin(), others.end(),
                     [&](const auto& known) { return same_metric(*known, *other); })) {
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
