// Measures of predicted classes, as scikit-learn defines them: accuracy, F1 (micro, macro, of one
// class), Matthews' correlation; and the table of what was taken for what.
//
//   SentenceStatistics rows(class_columns(classes));
//   rows.append(class_row(predicted, right, classes));          // for each example
//   ClassMetric(ClassMeasure::macro_f1, classes).score_of(rows.total())   // 0 … 100
//
// Thread-safety: plain data and functions, from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "heed/metrics/metric.h"
#include "heed/metrics/sentence_statistics.h"

namespace heed {

// A row: whether all is right; 1; and for each class whether it is rightly predicted, predicted,
// and right.
inline std::size_t class_columns(std::int64_t classes) {
  return 2 + 3 * static_cast<std::size_t>(classes);
}
// The classes of an example, one or any number. Errors (failure): a number that is no class.
std::vector<std::int64_t> class_row(std::span<const std::int32_t> predicted,
                                    std::span<const std::int32_t> right, std::int64_t classes);

enum class ClassMeasure {
  accuracy,  // share of examples whose classes are all right (of several: subset accuracy)
  micro_f1,  // 2 true positives / (predicted + right ones), summed over classes
  macro_f1,  // the mean of the F1 of classes that are predicted or right anywhere
  f1,        // of the last of two classes
  matthews,  // (Gorodkin, "Comparing two K-category assignments by a K-category correlation
             // coefficient", 2004), −100 … 100; 0 where it has no value
};

class ClassMetric : public Metric {
 public:
  // `every_class`: macro F1 counts classes, with 0, that occur nowhere (as scikit-learn does where
  // examples have any number of classes).
  ClassMetric(ClassMeasure measure, std::int64_t classes, bool every_class = false);

  const MetricStyle& style() const override { return style_; }
  double score_of(std::span<const std::int64_t> totals) const override { return score(totals); }
  double resampled_score(std::span<const float> totals) const override { return score(totals); }

 private:
  template <typename Number>
  double score(std::span<const Number> totals) const;

  ClassMeasure measure_;
  std::size_t classes_;
  bool every_class_;
  MetricStyle style_;
};

// How often each class (rows) was taken for each (columns).
class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(std::int64_t classes);
  void add(std::int32_t right, std::int32_t predicted);
  std::int64_t at(std::int64_t right, std::int64_t predicted) const;
  std::int64_t classes() const { return classes_; }

 private:
  std::int64_t classes_;
  std::vector<std::int64_t> counts_;
};

}  // namespace heed
