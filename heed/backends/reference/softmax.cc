#include "heed/kernels/softmax.h"

#include <cmath>
#include <limits>

#include "heed/backends/common/matrix.h"
#include "heed/backends/reference/families.h"

namespace heed::reference {

namespace {

// The largest element, -inf of none, NaN if there is one.
template <typename T>
double row_max(const T* x, std::int64_t size) {
  double largest = -std::numeric_limits<double>::infinity();
  for (std::int64_t c = 0; c < size; ++c) {
    if (x[c] > largest || std::isnan(x[c])) {
      largest = x[c];
    }
    if (std::isnan(largest)) {
      break;
    }
  }
  return largest;
}

template <typename T>
double log_sum_exp(const T* x, std::int64_t size) {
  const double largest = row_max(x, size);
  if (std::isinf(largest) && largest < 0) {
    return largest;
  }
  double sum = 0;
  for (std::int64_t c = 0; c < size; ++c) {
    sum += std::exp(x[c] - largest);
  }
  return largest + std::log(sum);
}

void softmax_forward(ExecutionContext&, ConstView x, View y) {
  check_matrix("softmax_forward", "y", y, x.rows(), x.columns());
  for_floating_type("softmax_forward", x.dtype, [&](auto type) {
    using T = decltype(type);
    const auto in = matrix<T>(x);
    for (std::int64_t r = 0; r < in.rows; ++r) {
      const double log_total = log_sum_exp(in[r], in.columns);
      const bool empty = std::isinf(log_total) && log_total < 0;
      for (std::int64_t c = 0; c < in.columns; ++c) {
        matrix<T>(y)[r][c] = empty ? T{0} : static_cast<T>(std::exp(in[r][c] - log_total));
      }
    }
  });
}

void log_softmax_forward(ExecutionContext&, ConstView x, View y) {
  check_matrix("log_softmax_forward", "y", y, x.rows(), x.columns());
  for_floating_type("log_softmax_forward", x.dtype, [&](auto type) {
    using T = decltype(type);
    const auto in = matrix<T>(x);
    for (std::int64_t r = 0; r < in.rows; ++r) {
      const double log_total = log_sum_exp(in[r], in.columns);
      const bool empty = std::isinf(log_total) && log_total < 0;
      for (std::int64_t c = 0; c < in.columns; ++c) {
        matrix<T>(y)[r][c] = static_cast<T>(empty ? log_total : in[r][c] - log_total);
      }
    }
  });
}

void softmax_backward(ExecutionContext&, ConstView y, ConstView dy, View dx) {
  check_matrix("softmax_backward", "dy", dy, y.rows(), y.columns());
  check_matrix("softmax_backward", "dx", dx, y.rows(), y.columns());
  for_floating_type("softmax_backward", y.dtype, [&](auto type) {
    using T = decltype(type);
    const auto out = matrix<T>(y);
    const auto gradient = matrix<T>(dy);
    for (std::int64_t r = 0; r < out.rows; ++r) {
      double dot = 0;
      for (std::int64_t c = 0; c < out.columns; ++c) {
        dot += static_cast<double>(gradient[r][c]) * out[r][c];
      }
      for (std::int64_t c = 0; c < out.columns; ++c) {
        matrix<T>(dx)[r][c] = static_cast<T>(out[r][c] * (gradient[r][c] - dot));
      }
    }
  });
}

// d loss / d x = softmax(x) - (1 - ε)·onehot(t) - ε / V.
template <typename T>
void cross_entropy_row(T* x, std::int64_t size, std::int64_t target, const CrossEntropy& p,
                       CrossEntropySums& sums) {
  const double smoothing = p.smoothing;
  const double log_total = log_sum_exp(x, size);
  double mean = 0;
  std::int64_t best = 0;  // the first of the largest
  for (std::int64_t c = 0; c < size; ++c) {
    mean += x[c] / static_cast<double>(size);
    best = x[c] > x[best] ? c : best;
  }
  sums.plain_loss += log_total - x[target];
  sums.loss += log_total - (1 - smoothing) * x[target] - (smoothing > 0 ? smoothing * mean : 0);
  sums.correct += best == target && !std::isnan(log_total) ? 1 : 0;
  sums.count += 1;
  if (!p.want_gradient) {
    return;
  }
  for (std::int64_t c = 0; c < size; ++c) {
    double gradient = std::exp(x[c] - log_total) - smoothing / static_cast<double>(size);
    if (c == target) {
      gradient -= 1 - smoothing;
    }
    x[c] = static_cast<T>(static_cast<double>(p.gradient_scale) * gradient);
  }
}

void cross_entropy(ExecutionContext&, const CrossEntropy& p, CrossEntropySums& sums) {
  const std::int64_t rows = p.logits.rows();
  const std::int64_t size = p.logits.columns();
  check_vector("cross_entropy", "targets", p.targets, rows);
  for_floating_type("cross_entropy", p.logits.dtype, [&](auto type) {
    using T = decltype(type);
    const auto logits = matrix<T>(p.logits);
    const std::int32_t* targets = p.targets.as<std::int32_t>();
    for (std::int64_t r = 0; r < rows; ++r) {
      if (targets[r] != p.ignore_id) {
        check_ids("cross_entropy", targets + r, 1, size);
        cross_entropy_row(logits[r], size, targets[r], p, sums);
      } else if (p.want_gradient) {
        for (std::int64_t c = 0; c < size; ++c) {
          logits[r][c] = 0;
        }
      }
    }
  });
}

}  // namespace

void register_softmax() {
  heed::softmax_forward.fill(DeviceKind::reference, &softmax_forward);
  heed::log_softmax_forward.fill(DeviceKind::reference, &log_softmax_forward);
  heed::softmax_backward.fill(DeviceKind::reference, &softmax_backward);
  heed::cross_entropy.fill(DeviceKind::reference, &cross_entropy);
}

}  // namespace heed::reference
