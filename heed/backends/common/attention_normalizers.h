// How the scores of one query become weights, and back.
//
// `scores` holds count numbers and is replaced; -inf gives the weight 0, and so does everything
// when there is nothing else; NaN gives NaN everywhere.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

namespace heed::common {

template <typename T>
bool has_nan(std::int64_t count, const T* x) {
  return std::any_of(x, x + count, [](T value) { return std::isnan(value); });
}

// p_n = e^(z_n) / Σ e^(z_m); returns log Σ e^(z_m).
template <typename Loops, typename T = typename Loops::Element>
T softmax(const Loops& loops, std::int64_t count, T* scores) {
  T maximum = loops.largest(scores, count);
  if (maximum == -std::numeric_limits<T>::infinity()) {
    maximum = 0;
  }
  const T sum = loops.exponentials(maximum, count, scores);
  for (std::int64_t n = 0; n < count; ++n) {
    scores[n] = sum == 0 ? T{0} : scores[n] / sum;
  }
  return maximum + std::log(sum);
}

// dz = p ⊙ (dp - p·dp), in place of dp.
template <typename Loops, typename T = typename Loops::Element>
void softmax_gradient(const Loops& loops, std::int64_t count, const T* weights, T* gradient) {
  const T mean = loops.dot(weights, gradient, count);
  for (std::int64_t n = 0; n < count; ++n) {
    gradient[n] = weights[n] * (gradient[n] - mean);
  }
}

// p_n = max(z_n - τ, 0) with τ such that Σ p_n = 1: with z sorted, largest first, and k the last
// place where 1 + k z_k > Σ_{m <= k} z_m, τ = (Σ_{m <= k} z_m - 1) / k (Martins & Astudillo, "From
// softmax to sparsemax", 2016, algorithm 1).
template <typename Loops, typename T = typename Loops::Element>
void sparsemax(const Loops& loops, std::int64_t count, T* scores, std::vector<T>& candidates) {
  const T maximum = loops.largest(scores, count);
  if (has_nan(count, scores) || maximum == -std::numeric_limits<T>::infinity()) {
    std::fill_n(scores, count, has_nan(count, scores) ? std::numeric_limits<T>::quiet_NaN() : T{0});
    return;
  }
  // τ >= maximum - 1: what lies below gets nothing. Relative to the maximum no digits are lost.
  candidates.clear();
  for (std::int64_t n = 0; n < count; ++n) {
    scores[n] -= maximum;
    if (scores[n] > -1) {
      candidates.push_back(scores[n]);
    }
  }
  std::sort(candidates.begin(), candidates.end(), std::greater<T>());
  T sum = 0;
  T threshold = 0;
  for (std::size_t k = 0; k < candidates.size(); ++k) {
    sum += candidates[k];
    const T places = static_cast<T>(k + 1);
    if (1 + places * candidates[k] <= sum) {
      break;
    }
    threshold = (sum - 1) / places;
  }
  for (std::int64_t n = 0; n < count; ++n) {
    scores[n] = std::max(scores[n] - threshold, T{0});
  }
}

// The Jacobian is diag(s) - s sᵀ / |S|, s the indicator of the support S = {p > 0} (section 2.5):
// dz_n = dp_n - mean of dp over S, for n in S, in place of dp.
template <typename T>
void sparsemax_gradient(std::int64_t count, const T* weights, T* gradient) {
  T sum = 0;
  T support = 0;
  for (std::int64_t n = 0; n < count; ++n) {
    if (weights[n] != 0) {
      sum += gradient[n];
      support += 1;
    }
  }
  for (std::int64_t n = 0; n < count; ++n) {
    gradient[n] = weights[n] != 0 ? gradient[n] - sum / support : T{0};
  }
}

// 1 at the largest score, the first of equal ones.
template <typename T>
void hard_maximum(std::int64_t count, T* scores) {
  if (has_nan(count, scores)) {
    std::fill_n(scores, count, std::numeric_limits<T>::quiet_NaN());
    return;
  }
  const T* best = std::max_element(scores, scores + count);
  const bool found = count > 0 && *best != -std::numeric_limits<T>::infinity();
  const std::int64_t place = best - scores;
  std::fill_n(scores, count, T{0});
  if (found) {
    scores[place] = 1;
  }
}

// Straight-through: the gradient of softmax(z / temperature) (Bengio et al., "Estimating or
// propagating gradients through stochastic neurons", 2013; with noise in z: Jang et al.,
// "Categorical reparameterization with Gumbel-softmax", 2017). `scores` is z, and is used up.
template <typename Loops, typename T = typename Loops::Element>
void hard_maximum_gradient(const Loops& loops, T temperature, std::int64_t count, T* scores,
                           T* gradient) {
  for (std::int64_t n = 0; n < count; ++n) {
    scores[n] /= temperature;
  }
  softmax(loops, count, scores);
  softmax_gradient(loops, count, scores, gradient);
  for (std::int64_t n = 0; n < count; ++n) {
    gradient[n] /= temperature;
  }
}

}  // namespace heed::common
