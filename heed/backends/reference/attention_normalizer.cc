#include "heed/backends/reference/attention_normalizer.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace heed::reference {

namespace {

using Values = std::vector<double>;

constexpr double infinity = std::numeric_limits<double>::infinity();

bool has_nan(const Values& x) {
  return std::any_of(x.begin(), x.end(), [](double value) { return std::isnan(value); });
}
double largest(const Values& x) {
  double result = -infinity;
  for (const double value : x) {
    result = std::max(result, value);
  }
  return result;
}

Values softmax(const Values& z) {
  const double total = log_sum_exp(z);
  Values p;
  for (const double score : z) {
    p.push_back(total == -infinity ? 0 : std::exp(score - total));
  }
  return p;
}

// dz = p ⊙ (dp - p·dp).
Values softmax_gradient(const Values& p, const Values& dp) {
  double mean = 0;
  for (std::size_t n = 0; n < p.size(); ++n) {
    mean += p[n] * dp[n];
  }
  Values dz;
  for (std::size_t n = 0; n < p.size(); ++n) {
    dz.push_back(p[n] * (dp[n] - mean));
  }
  return dz;
}

// p = max(z - τ, 0), Σ p = 1 (Martins & Astudillo, "From softmax to sparsemax", 2016). τ as if all
// were in the support; who falls below it leaves, until nobody does (Michelot, "A finite algorithm
// for finding the projection of a point onto the canonical simplex", 1986).
Values sparsemax(const Values& z) {
  const double top = largest(z);
  if (has_nan(z) || top == -infinity) {
    return Values(z.size(), has_nan(z) ? std::numeric_limits<double>::quiet_NaN() : 0);
  }
  Values support;  // relative to the largest no digits are lost
  for (const double score : z) {
    if (score - top > -1) {
      support.push_back(score - top);
    }
  }
  double threshold = 0;
  for (std::size_t before = 0; before != support.size();) {
    before = support.size();
    double sum = 0;
    for (const double score : support) {
      sum += score;
    }
    threshold = (sum - 1) / static_cast<double>(support.size());
    std::erase_if(support, [&](double score) { return score <= threshold; });
  }
  Values p;
  for (const double score : z) {
    p.push_back(std::max(score - top - threshold, 0.0));
  }
  return p;
}

// dz = dp - mean of dp over the support, for what is in it (section 2.5).
Values sparsemax_gradient(const Values& p, const Values& dp) {
  double sum = 0, count = 0;
  for (std::size_t n = 0; n < p.size(); ++n) {
    sum += p[n] != 0 ? dp[n] : 0;
    count += p[n] != 0 ? 1 : 0;
  }
  Values dz;
  for (std::size_t n = 0; n < p.size(); ++n) {
    dz.push_back(p[n] != 0 ? dp[n] - sum / count : 0);
  }
  return dz;
}

// 1 at the largest, the first of equal ones.
Values hard_maximum(const Values& z) {
  if (has_nan(z)) {
    return Values(z.size(), std::numeric_limits<double>::quiet_NaN());
  }
  Values p(z.size());
  const auto best = std::max_element(z.begin(), z.end());
  if (best != z.end() && *best != -infinity) {
    p[static_cast<std::size_t>(best - z.begin())] = 1;
  }
  return p;
}

Values sum_of(const Values& a, const Values& b) {
  Values result;
  for (std::size_t n = 0; n < a.size(); ++n) {
    result.push_back(a[n] + b[n]);
  }
  return result;
}

}  // namespace

double log_sum_exp(const Values& scores) {
  const double top = largest(scores);
  const double shift = top == -infinity ? 0 : top;
  double sum = 0;
  for (const double score : scores) {
    sum += std::exp(score - shift);
  }
  return shift + std::log(sum);
}

Values normalized(const AttentionPlan& plan, const Values& scores, const Values& noise) {
  switch (plan.normalizer) {
    case AttentionNormalizer::softmax:
      return softmax(scores);
    case AttentionNormalizer::sparsemax:
      return sparsemax(scores);
    case AttentionNormalizer::hard:
      return hard_maximum(sum_of(scores, noise));
  }
  return {};
}

Values normalizer_gradient(const AttentionPlan& plan, const Values& scores, const Values& noise,
                           const Values& weights, const Values& gradient) {
  switch (plan.normalizer) {
    case AttentionNormalizer::softmax:
      return softmax_gradient(weights, gradient);
    case AttentionNormalizer::sparsemax:
      return sparsemax_gradient(weights, gradient);
    case AttentionNormalizer::hard:
      break;
  }
  // Straight-through: the gradient of softmax((scores + noise) / temperature).
  Values z = sum_of(scores, noise);
  for (double& score : z) {
    score /= plan.temperature;
  }
  Values dz = softmax_gradient(softmax(z), gradient);
  for (double& slope : dz) {
    slope /= plan.temperature;
  }
  return dz;
}

}  // namespace heed::reference
