#include "heed/metrics/class_metrics.h"

#include <cmath>

#include "heed/base/error.h"

namespace heed {

namespace {

MetricStyle style_of(ClassMeasure measure) {
  switch (measure) {
    case ClassMeasure::accuracy:
      return {.key = "accuracy", .name = "accuracy", .unit = "points of accuracy"};
    case ClassMeasure::micro_f1:
      return {.key = "micro_f1", .name = "micro F1", .unit = "points of micro F1"};
    case ClassMeasure::macro_f1:
      return {.key = "macro_f1", .name = "macro F1", .unit = "points of macro F1"};
    case ClassMeasure::f1:
      return {.key = "f1", .name = "F1", .unit = "points of F1"};
    case ClassMeasure::matthews:
      break;
  }
  return {.key = "matthews", .name = "Matthews", .unit = "points of Matthews' correlation"};
}

double share_of(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

// The part of a row that tells of classes.
template <typename Number>
struct Counts {
  std::span<const Number> totals;
  double hit(std::size_t c) const { return static_cast<double>(totals[2 + 3 * c]); }
  double predicted(std::size_t c) const { return static_cast<double>(totals[3 + 3 * c]); }
  double right(std::size_t c) const { return static_cast<double>(totals[4 + 3 * c]); }
  double f1(std::size_t c) const { return share_of(2 * hit(c), predicted(c) + right(c)); }
};

template <typename Number>
double micro_f1(const Counts<Number>& counts, std::size_t classes) {
  double hits = 0, both = 0;
  for (std::size_t c = 0; c < classes; ++c) {
    hits += counts.hit(c);
    both += counts.predicted(c) + counts.right(c);
  }
  return share_of(2 * hits, both);
}

template <typename Number>
double macro_f1(const Counts<Number>& counts, std::size_t classes, bool every_class) {
  double sum = 0, occurring = 0;
  for (std::size_t c = 0; c < classes; ++c) {
    sum += counts.f1(c);
    occurring += every_class || counts.predicted(c) + counts.right(c) > 0 ? 1 : 0;
  }
  return share_of(sum, occurring);
}

template <typename Number>
double matthews(const Counts<Number>& counts, std::size_t classes) {
  double hits = 0, examples = 0, product = 0, predicted = 0, right = 0;
  for (std::size_t c = 0; c < classes; ++c) {
    hits += counts.hit(c);
    examples += counts.right(c);
    product += counts.predicted(c) * counts.right(c);
    predicted += counts.predicted(c) * counts.predicted(c);
    right += counts.right(c) * counts.right(c);
  }
  const double spread = (examples * examples - predicted) * (examples * examples - right);
  return spread > 0 ? (hits * examples - product) / std::sqrt(spread) : 0;
}

}  // namespace

std::vector<std::int64_t> class_row(std::span<const std::int32_t> predicted,
                                    std::span<const std::int32_t> right, std::int64_t classes) {
  std::vector<std::int64_t> row(class_columns(classes), 0);
  const auto place = [&](std::int32_t number, std::size_t column) -> std::int64_t& {
    check(number >= 0 && number < classes, "class {} of {}", number, classes);
    return row[2 + 3 * static_cast<std::size_t>(number) + column];
  };
  for (const std::int32_t number : predicted) {
    place(number, 1) = 1;
  }
  for (const std::int32_t number : right) {
    place(number, 2) = 1;
  }
  row[0] = row[1] = 1;
  for (std::size_t c = 2; c < row.size(); c += 3) {
    row[c] = row[c + 1] * row[c + 2];
    row[0] = row[c + 1] == row[c + 2] ? row[0] : 0;
  }
  return row;
}

ClassMetric::ClassMetric(ClassMeasure measure, std::int64_t classes, bool every_class)
    : measure_(measure),
      classes_(static_cast<std::size_t>(classes)),
      every_class_(every_class),
      style_(style_of(measure)) {
  check(classes > 0 && (measure != ClassMeasure::f1 || classes == 2), "{} of {} classes",
        style_.name, classes);
}

template <typename Number>
double ClassMetric::score(std::span<const Number> totals) const {
  check(totals.size() == class_columns(static_cast<std::int64_t>(classes_)),
        "{}: {} columns for {} classes", style_.name, totals.size(), classes_);
  const Counts<Number> counts{totals};
  switch (measure_) {
    case ClassMeasure::accuracy:
      return 100 * share_of(static_cast<double>(totals[0]), static_cast<double>(totals[1]));
    case ClassMeasure::micro_f1:
      return 100 * micro_f1(counts, classes_);
    case ClassMeasure::macro_f1:
      return 100 * macro_f1(counts, classes_, every_class_);
    case ClassMeasure::f1:
      return 100 * counts.f1(classes_ - 1);
    case ClassMeasure::matthews:
      break;
  }
  return 100 * matthews(counts, classes_);
}

template double ClassMetric::score(std::span<const std::int64_t>) const;
template double ClassMetric::score(std::span<const float>) const;

ConfusionMatrix::ConfusionMatrix(std::int64_t classes)
    : classes_(classes), counts_(static_cast<std::size_t>(classes * classes), 0) {}

void ConfusionMatrix::add(std::int32_t right, std::int32_t predicted) {
  check(right >= 0 && right < classes_ && predicted >= 0 && predicted < classes_,
        "confusion matrix of {} classes: {} taken for {}", classes_, right, predicted);
  ++counts_[static_cast<std::size_t>(right * classes_ + predicted)];
}

std::int64_t ConfusionMatrix::at(std::int64_t right, std::int64_t predicted) const {
  return counts_[static_cast<std::size_t>(right * classes_ + predicted)];
}

}  // namespace heed
