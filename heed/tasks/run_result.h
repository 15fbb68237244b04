// What the best model of a run was measured at.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "heed/metrics/metric.h"
#include "heed/metrics/score_line.h"

namespace heed {

struct TestMeasure {
  MetricStyle style;
  double value = 0;
  std::optional<ConfidenceInterval> interval;  // of a bootstrap over the examples
  std::string signature;                       // how it was measured, where there is a name for it
};

struct TestResult {
  std::string line;  // printed as the last one of a run
  std::vector<TestMeasure> measures;
  std::int64_t examples = 0;  // that were tested: sentences, windows
  std::string decoding;       // the settings as JSON; empty: nothing was decoded
};

}  // namespace heed
