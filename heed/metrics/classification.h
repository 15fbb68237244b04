// Measures of predicted classes, tokens and probabilities.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace heed {

// The part, 0 to 1, of `predictions` that equal their label; positions whose label is `ignored`
// (padding) do not count. 0 when nothing counts. Errors (failure): different lengths.
double accuracy(std::span<const std::int64_t> predictions, std::span<const std::int64_t> labels,
                std::int64_t ignored = -100);

// The part, 0 to 1, of the hypotheses that equal their reference byte for byte.
// Errors: (failure) different lengths; (bad_data) no hypotheses.
double exact_match(std::span<const std::string> hypotheses,
                   std::span<const std::string> references);

// exp(sum / count) for a sum of negative log-likelihoods in nats over `token_count` tokens;
// infinity when that is too large. Errors (failure): no tokens.
double perplexity(double negative_log_likelihood_sum, std::int64_t token_count);

struct ClassScores {
  double precision = 0;  // true positives / predicted positives, 0 if none were predicted
  double recall = 0;     // true positives / positives, 0 if there are none
  double f1 = 0;  // 2 true positives / (predicted positives + positives), 0 if there are none
};

// How well one class is told from all others. Errors (failure): different lengths.
ClassScores class_scores(std::span<const std::int64_t> predictions,
                         std::span<const std::int64_t> labels, std::int64_t positive);

// The mean F1 over the classes that occur among predictions or labels. Errors (failure): different
// lengths, or nothing to score.
double macro_f1(std::span<const std::int64_t> predictions, std::span<const std::int64_t> labels);

}  // namespace heed
