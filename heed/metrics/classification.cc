#include "heed/metrics/classification.h"

#include <cmath>
#include <set>

#include "heed/base/error.h"

namespace heed {

namespace {

double ratio(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

void check_lengths(const char* metric, std::size_t predictions, std::size_t labels) {
  check(predictions == labels, "{}: {} predictions for {} labels", metric, predictions, labels);
}

}  // namespace

double accuracy(std::span<const std::int64_t> predictions, std::span<const std::int64_t> labels,
                std::int64_t ignored) {
  check_lengths("accuracy", predictions.size(), labels.size());
  std::int64_t counted = 0, right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] != ignored) {
      ++counted;
      right += predictions[i] == labels[i] ? 1 : 0;
    }
  }
  return ratio(right, counted);
}

double exact_match(std::span<const std::string> hypotheses,
                   std::span<const std::string> references) {
  check_lengths("exact match", hypotheses.size(), references.size());
  check_data(!hypotheses.empty(), "exact match: no hypotheses to score");
  std::int64_t right = 0;
  for (std::size_t i = 0; i < hypotheses.size(); ++i) {
    right += hypotheses[i] == references[i] ? 1 : 0;
  }
  return ratio(right, static_cast<std::int64_t>(hypotheses.size()));
}

double perplexity(double negative_log_likelihood_sum, std::int64_t token_count) {
  check(token_count > 0, "perplexity: {} tokens; at least one is needed", token_count);
  return std::exp(negative_log_likelihood_sum / static_cast<double>(token_count));
}

ClassScores class_scores(std::span<const std::int64_t> predictions,
                         std::span<const std::int64_t> labels, std::int64_t positive) {
  check_lengths("F1", predictions.size(), labels.size());
  std::int64_t predicted = 0, actual = 0, both = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    predicted += predictions[i] == positive ? 1 : 0;
    actual += labels[i] == positive ? 1 : 0;
    both += predictions[i] == positive && labels[i] == positive ? 1 : 0;
  }
  return {ratio(both, predicted), ratio(both, actual), ratio(2 * both, predicted + actual)};
}

double macro_f1(std::span<const std::int64_t> predictions, std::span<const std::int64_t> labels) {
  check_lengths("F1", predictions.size(), labels.size());
  std::set<std::int64_t> classes(labels.begin(), labels.end());
  classes.insert(predictions.begin(), predictions.end());
  check(!classes.empty(), "F1: nothing to score");
  double sum = 0;
  for (const std::int64_t positive : classes) {
    sum += class_scores(predictions, labels, positive).f1;
  }
  return sum / static_cast<double>(classes.size());
}

}  // namespace heed
