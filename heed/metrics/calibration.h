// Whether probabilities say how often they are right: the expected calibration error, and the
// temperature that lowers it (Guo et al., "On calibration of modern neural networks", 2017).
//
//   const double temperature = best_temperature(logits, classes, right);
//   calibration_error(probabilities_of(logits, classes, temperature), …)
//
// Thread-safety: functions, from any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace heed {

// softmax(logits / temperature) of each row of [examples, classes].
std::vector<double> probabilities_of(std::span<const float> logits, std::int64_t classes,
                                     double temperature = 1);

// The mean distance, weighted by examples, between how sure a model is of its choice and how often
// it is right, over `bins` ranges (lower bound excluded) of that certainty of equal width; 0 … 1.
// Errors (failure): lengths that do not fit.
double calibration_error(std::span<const double> probabilities, std::int64_t classes,
                         std::span<const std::int32_t> right, int bins = 15);

// The temperature in [0.05, 20] at which the right classes have the highest likelihood: for
// held-out examples, never for those that were trained on. Errors as above.
double best_temperature(std::span<const float> logits, std::int64_t classes,
                        std::span<const std::int32_t> right);

}  // namespace heed
