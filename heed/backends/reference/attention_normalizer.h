// How the scores of one query become weights, and back. A score of -inf gives the weight 0, and so
// does everything where there is nothing else; NaN gives NaN everywhere.
#pragma once

#include <vector>

#include "heed/kernels/attention_plan.h"

namespace heed::reference {

// log Σ e^z; -inf of nothing.
double log_sum_exp(const std::vector<double>& scores);

// `noise` is for the hard normalizer.
std::vector<double> normalized(const AttentionPlan& plan, const std::vector<double>& scores,
                               const std::vector<double>& noise);

// The gradient of the scores from that of the weights.
std::vector<double> normalizer_gradient(const AttentionPlan& plan,
                                        const std::vector<double>& scores,
                                        const std::vector<double>& noise,
                                        const std::vector<double>& weights,
                                        const std::vector<double>& gradient);

}  // namespace heed::reference
