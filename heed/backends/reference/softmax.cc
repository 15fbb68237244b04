#include "heed/kernels/softmax.h"

#include <cmath>
#include <limits>
#include <vector>

#include "heed/backends/reference/families.h"
#include "heed/backends/reference/matrix.h"
#include "heed/backends/reference/scalar.h"

namespace heed::reference {

namespace {

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

double mapped(const LogitMap& map, double x) {
  return map.soft_cap > 0 ? map.soft_cap * std::tanh(map.scale * x / map.soft_cap) : map.scale * x;
}

void map_logits(ExecutionContext&, ConstView x, const LogitMap& map, View y) {
  check_logit_map(map);
  check_matrix("map_logits", "y", y, x.rows(), x.columns());
  for_floating_type("map_logits", x.dtype, [&](auto type) {
    using T = decltype(type);
    for (std::int64_t r = 0; r < x.rows(); ++r) {
      for (std::int64_t c = 0; c < x.columns(); ++c) {
        matrix<T>(y)[r][c] = static_cast<T>(mapped(map, matrix<T>(x)[r][c]));
      }
    }
  });
}

void map_logits_backward(ExecutionContext&, ConstView y, ConstView dy, const LogitMap& map,
                         View dx) {
  check_logit_map(map);
  check_matrix("map_logits_backward", "dy", dy, y.rows(), y.columns());
  check_matrix("map_logits_backward", "dx", dx, y.rows(), y.columns());
  for_floating_type("map_logits_backward", y.dtype, [&](auto type) {
    using T = decltype(type);
    for (std::int64_t r = 0; r < y.rows(); ++r) {
      for (std::int64_t c = 0; c < y.columns(); ++c) {
        const double t = map.soft_cap > 0 ? double{matrix<T>(y)[r][c]} / map.soft_cap : 0;
        matrix<T>(dx)[r][c] = static_cast<T>(map.scale * matrix<T>(dy)[r][c] * (1 - t * t));
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

// The same of mapped logits: dz/dx = scale, times 1 - tanh² under a cap.
template <typename T>
void mapped_cross_entropy_row(T* x, std::int64_t size, std::int64_t target, const CrossEntropy& p,
                              CrossEntropySums& sums) {
  std::vector<double> z(static_cast<std::size_t>(size));
  std::vector<double> slopes(z.size(), p.map.scale);
  for (std::size_t c = 0; c < z.size(); ++c) {
    z[c] = mapped(p.map, x[c]);
    if (p.map.soft_cap > 0) {
      const double t = std::tanh(p.map.scale * x[c] / p.map.soft_cap);
      slopes[c] *= 1 - t * t;
    }
  }
  cross_entropy_row(z.data(), size, target, p, sums);
  for (std::size_t c = 0; p.want_gradient && c < z.size(); ++c) {
    x[c] = static_cast<T>(z[c] * slopes[c]);
  }
}

void sequence_log_softmax(ExecutionContext&, ConstView x, std::span<const std::int32_t> offsets,
                          View y) {
  check_sequences("sequence_log_softmax", x, offsets);
  check_matrix("sequence_log_softmax", "y", y, x.rows(), x.columns());
  for_floating_type("sequence_log_softmax", x.dtype, [&](auto type) {
    using T = decltype(type);
    for (std::size_t s = 0; s + 1 < offsets.size(); ++s) {
      for (std::int64_t c = 0; c < x.columns(); ++c) {
        std::vector<double> scores;
        for (std::int64_t r = offsets[s]; r < offsets[s + 1]; ++r) {
          scores.push_back(matrix<T>(x)[r][c]);
        }
        const double log_total =
            log_sum_exp(scores.data(), static_cast<std::int64_t>(scores.size()));
        const bool empty = std::isinf(log_total) && log_total < 0;
        for (std::size_t i = 0; i < scores.size(); ++i) {
          matrix<T>(y)[offsets[s] + static_cast<std::int64_t>(i)][c] =
              static_cast<T>(empty ? log_total : scores[i] - log_total);
        }
      }
    }
  });
}

void sequence_cross_entropy(ExecutionContext&, const SequenceCrossEntropy& p,
                            CrossEntropySums& sums) {
  check_sequence_targets(p);
  const CrossEntropy options{.smoothing = p.smoothing,
                             .want_gradient = p.want_gradient,
                             .gradient_scale = p.gradient_scale};
  for_floating_type("sequence_cross_entropy", p.scores.dtype, [&](auto type) {
    using T = decltype(type);
    const auto all = matrix<T>(p.scores);
    const auto targets = matrix<std::int32_t>(p.targets);
    for (std::size_t s = 0; s + 1 < p.offsets.size(); ++s) {
      for (std::int64_t c = 0; c < all.columns; ++c) {
        const std::int32_t target = targets[static_cast<std::int64_t>(s)][c];
        std::vector<double> scores;
        for (std::int64_t r = p.offsets[s]; r < p.offsets[s + 1]; ++r) {
          scores.push_back(target == p.ignore_id ? 0 : all[r][c]);
        }
        if (target != p.ignore_id) {
          cross_entropy_row(scores.data(), static_cast<std::int64_t>(scores.size()), target,
                            options, sums);
        }
        for (std::size_t i = 0; p.want_gradient && i < scores.size(); ++i) {
          all[p.offsets[s] + static_cast<std::int64_t>(i)][c] = static_cast<T>(scores[i]);
        }
      }
    }
  });
}

void cross_entropy(ExecutionContext&, const CrossEntropy& p, CrossEntropySums& sums) {
  check_logit_map(p.map);
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
        if (p.map.active()) {
          mapped_cross_entropy_row(logits[r], size, targets[r], p, sums);
        } else {
          cross_entropy_row(logits[r], size, targets[r], p, sums);
        }
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
  heed::map_logits.fill(DeviceKind::reference, &map_logits);
  heed::map_logits_backward.fill(DeviceKind::reference, &map_logits_backward);
  heed::sequence_log_softmax.fill(DeviceKind::reference, &sequence_log_softmax);
  heed::sequence_cross_entropy.fill(DeviceKind::reference, &sequence_cross_entropy);
}

}  // namespace heed::reference
