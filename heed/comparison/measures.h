// By what the variants of a group are compared, and the words in which that is told. This folder
// knows no metric and no task by name: whoever runs a comparison says here what it is measured by.
//
//   GroupMeasures measures;
//   measures.metric = std::make_shared<MyMetric>();
//   measures.breaks.ratio = 1.1;
//   measures.items = "windows";
//
// Thread-safety: plain data; const use from any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "heed/metrics/metric.h"

namespace heed {

// The bucket from which on a variant counts as broken, by its mean score there. At most one of the
// two is set; without any nothing breaks.
struct BreakRule {
  std::optional<double> below;  // the score is below this; above it, where lower is better
  // Of buckets beyond the training length: the score is worse by more than this factor (above 1)
  // than that of the test set.
  std::optional<double> ratio;

  bool any() const { return below || ratio; }
};

// Whether two metrics have the same key, under which their scores stand in files.
bool same_metric(const Metric& a, const Metric& b);

// All metrics read the same rows of statistics.
struct GroupMeasures {
  std::shared_ptr<const Metric> metric;                // decides: ranking, pairs, findings
  std::shared_ptr<const Metric> by_length;             // of buckets; none: `metric`
  std::vector<std::shared_ptr<const Metric>> besides;  // further columns and tables
  BreakRule breaks;

  std::string items = "sentences";  // what a row of statistics stands for
  // What tables say of the test set: "100 windows of 128 characters"; empty: "100 test sentences".
  std::string tested_on;
  // What the score by length is a percentage of, as far as it is right: "tokens". Empty where it is
  // none.
  std::string share_of;
  // Of the table by length: what its columns are, and when a variant breaks. Empty: in general
  // words.
  std::string length_note;

  const std::shared_ptr<const Metric>& length_metric() const {
    return by_length ? by_length : metric;
  }
  // Every metric but `shown`, each once: where `metric` is shown, `by_length` stands beside it, and
  // the other way round.
  std::vector<std::shared_ptr<const Metric>> all_but(
      const std::shared_ptr<const Metric>& shown) const;
};

}  // namespace heed
