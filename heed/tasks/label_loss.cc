#include "heed/tasks/label_loss.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "heed/autograd/gradient.h"
#include "heed/base/error.h"

namespace heed {

namespace {

struct Sums {
  double minimised = 0, plain = 0;
};

double weight_of(const LabelLossOptions& options, std::size_t label) {
  return options.class_weights.empty() ? 1 : options.class_weights.at(label);
}

// Each adds the loss of a row and gives its gradient.
void add_class(std::span<const double> row, std::int32_t right, const LabelLossOptions& options,
               Sums& sums, std::span<double> gradient) {
  if (right < 0) {
    return;
  }
  const auto chosen = static_cast<std::size_t>(right);
  check(chosen < row.size(), "label loss: class {} of {}", right, row.size());
  const double top = *std::max_element(row.begin(), row.end());
  double sum = 0, total = 0;
  for (const double score : row) {
    sum += std::exp(score - top);
    total += score;
  }
  const auto count = static_cast<double>(row.size());
  const double log_sum = top + std::log(sum), weight = weight_of(options, chosen);
  const double spread = options.smoothing / count;
  sums.plain += log_sum - row[chosen];
  sums.minimised += weight * (log_sum - (1 - options.smoothing) * row[chosen] - spread * total);
  for (std::size_t i = 0; i < row.size(); ++i) {
    const double target = (i == chosen ? 1 - options.smoothing : 0) + spread;
    gradient[i] = weight * (std::exp(row[i] - log_sum) - target);
  }
}

void add_labels(std::span<const double> row, std::span<const float> right,
                const LabelLossOptions& options, Sums& sums, std::span<double> gradient) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    // −y·log σ(x) − (1 − y)·log(1 − σ(x)), without overflow.
    const double rest = std::log1p(std::exp(-std::abs(row[i])));
    const double yes = std::max(-row[i], 0.0) + rest, no = std::max(row[i], 0.0) + rest;
    const double weight = weight_of(options, i), y = right[i];
    sums.plain += y * yes + (1 - y) * no;
    sums.minimised += weight * y * yes + (1 - y) * no;
    const double probability = 1 / (1 + std::exp(-row[i]));
    gradient[i] = weight * y * (probability - 1) + (1 - y) * probability;
  }
}

void add_numbers(std::span<const double> row, std::span<const float> right, Sums& sums,
                 std::span<double> gradient) {
  const auto count = static_cast<double>(row.size());
  for (std::size_t i = 0; i < row.size(); ++i) {
    const double difference = row[i] - right[i];
    sums.plain += difference * difference / count;
    gradient[i] = 2 * difference / count;
  }
  sums.minimised = sums.plain;
}

}  // namespace

Loss label_loss(const Tensor& scores, const LabelTargets& targets,
                const LabelLossOptions& options) {
  const auto rows = static_cast<std::size_t>(scores.size(0)),
             width = static_cast<std::size_t>(scores.size(1));
  const bool classes = options.problem == "single_label";
  check(classes ? targets.classes.size() == rows : targets.values.size() == rows * width,
        "label loss: {} classes and {} values for scores {}", targets.classes.size(),
        targets.values.size(), scores.shape());
  const std::vector<double> values = scores.detach().to_doubles();
  std::vector<double> gradients(values.size(), 0);
  Sums sums;
  for (std::size_t r = 0; r < rows; ++r) {
    const auto row = std::span(values).subspan(r * width, width);
    const auto gradient = std::span(gradients).subspan(r * width, width);
    if (classes) {
      add_class(row, targets.classes[r], options, sums, gradient);
      continue;
    }
    const auto right = std::span(targets.values).subspan(r * width, width);
    if (options.problem == "multi_label") {
      add_labels(row, right, options, sums, gradient);
    } else {
      add_numbers(row, right, sums, gradient);
    }
  }
  for (double& value : gradients) {
    value *= options.scale;
  }
  const auto like_scores = [&](const std::vector<double>& numbers, const Shape& shape) {
    return Tensor::from_values<double>(numbers, shape).to(scores.dtype()).to(scores.device());
  };
  const Tensor value = like_scores({options.scale * sums.minimised}, {1});
  const Tensor gradient = like_scores(gradients, scores.shape());
  record("label_loss", value, {scores}, [gradient, slot = gradient_slot(scores)](const Tensor& dy) {
    const double factor = dy.to_doubles().front();
    check(factor == 1, "label loss: must enter backward() with weight 1, not {}", factor);
    slot.give(gradient);
  });
  return {.value = value, .smoothed = sums.minimised, .plain = sums.plain};
}

}  // namespace heed
