// What the best model of a run was measured at.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace heed {

struct TestResult {
  std::string line;                                      // printed as the last one of a run
  std::vector<std::pair<std::string, double>> measures;  // by MetricStyle::key
};

}  // namespace heed
