#include "heed/backends/cpu/cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "heed/backends/cpu/targets.h"
#include "heed/backends/cpu/tiles.h"
#include "heed/kernels/operands.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "heed/backends/cpu/cross_entropy.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "heed/backends/cpu/softmax_row-inl.h"

#ifndef HEED_BACKENDS_CPU_CROSS_ENTROPY_OPTIONS_
#define HEED_BACKENDS_CPU_CROSS_ENTROPY_OPTIONS_
namespace heed::cpu {
namespace {

struct RowOptions {
  std::size_t columns;
  float smoothing;
  bool want_gradient;
  float gradient_scale;
  float consistency;
};

}  // namespace
}  // namespace heed::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {
namespace {

HWY_INLINE double sum_of_row(const float* x, std::size_t columns) {
  const FloatTag d;
  return sum_blocks(
      columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA { return load(d, x + c, n); });
}

// From the terms e^(x - max) in x and their total:
// x = gradient_scale · (terms / total - (1 - ε)·onehot(t) - ε / V).
HWY_INLINE void terms_to_gradient(const RowOptions& p, float* x, std::size_t target, double total) {
  const FloatTag d;
  const double scale = p.gradient_scale;
  const double share = static_cast<double>(p.smoothing) / static_cast<double>(p.columns);
  const double hit = scale * (x[target] / total - share - (1 - static_cast<double>(p.smoothing)));
  const auto factor = hn::Set(d, static_cast<float>(scale / total));
  const auto offset = hn::Set(d, static_cast<float>(-scale * share));
  for_each_vector(d, 0, p.columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
    store(d, hn::MulAdd(load(d, x + c, n), factor, offset), x + c, n);
  });
  x[target] = static_cast<float>(hit);
}

void cross_entropy_row(const RowOptions& p, float* x, std::size_t target, CrossEntropySums& sums) {
  const float largest = row_max(x, p.columns);
  const double hit = x[target];
  const bool correct = x[target] == largest && std::find(x, x + target, largest) == x + target;
  const double row_sum = p.smoothing > 0 ? sum_of_row(x, p.columns) : 0;
  const double total = p.want_gradient ? sum_of_exp<true>(x, p.columns, largest, x)
                                       : sum_of_exp<false>(x, p.columns, largest, nullptr);
  const double log_total = static_cast<double>(largest) + std::log(total);
  const double smoothing = p.smoothing;
  sums.plain_loss = log_total - hit;
  sums.loss = log_total - (1 - smoothing) * hit;
  if (smoothing > 0) {
    sums.loss -= smoothing * row_sum / static_cast<double>(p.columns);
  }
  sums.correct = correct && !std::isnan(total) ? 1 : 0;
  sums.count = 1;
  if (p.want_gradient) {
    terms_to_gradient(p, x, target, total);
  }
}

// What a row's softmax is made of.
struct RowSoftmax {
  float largest;
  double total;
};

HWY_INLINE RowSoftmax softmax_of(const float* x, std::size_t columns) {
  const float largest = row_max(x, columns);
  return {largest, sum_of_exp<false>(x, columns, largest, nullptr)};
}

// The probabilities p and q of a vector of columns, and d = log p - log q, which is 0 where both
// are 0.
struct TwinVectors {
  FloatVec p, q, d;
};
struct TwinRows {
  const float *x, *y;
  RowSoftmax of_x, of_y;
  float shift = static_cast<float>(std::log(of_y.total / of_x.total));

  HWY_INLINE TwinVectors at(std::size_t c, std::size_t n) const {
    const FloatTag tag;
    const auto log_p = hn::Sub(load(tag, x + c, n), hn::Set(tag, of_x.largest));
    const auto log_q = hn::Sub(load(tag, y + c, n), hn::Set(tag, of_y.largest));
    const auto p =
        hn::Mul(exp_bounded(tag, log_p), hn::Set(tag, static_cast<float>(1 / of_x.total)));
    const auto q =
        hn::Mul(exp_bounded(tag, log_q), hn::Set(tag, static_cast<float>(1 / of_y.total)));
    const auto none = hn::Eq(hn::Max(p, q), hn::Zero(tag));
    return {p, q, hn::IfThenZeroElse(none, hn::Add(hn::Sub(log_p, log_q), hn::Set(tag, shift)))};
  }
};

// Both rows' gradients of the whole loss, in place.
HWY_INLINE void twin_gradients(const RowOptions& p, const TwinRows& rows, double from_p,
                               double from_q, std::size_t target, float* x, float* y) {
  const FloatTag d;
  const double share = static_cast<double>(p.smoothing) / static_cast<double>(p.columns);
  const auto scale = hn::Set(d, p.gradient_scale);
  const auto half = hn::Set(d, p.gradient_scale * p.consistency / 2);
  const auto offset =
      hn::Set(d, static_cast<float>(-static_cast<double>(p.gradient_scale) * share));
  const auto kl_p = hn::Set(d, static_cast<float>(from_p));
  const auto kl_q = hn::Set(d, static_cast<float>(from_q));
  for_each_vector(d, 0, p.columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
    const TwinVectors v = rows.at(c, n);
    const auto apart = hn::Sub(v.p, v.q);
    const auto dx = hn::MulAdd(v.p, hn::Sub(v.d, kl_p), apart);
    const auto dy = hn::Neg(hn::MulAdd(v.q, hn::Add(v.d, kl_q), apart));
    store(d, hn::MulAdd(half, dx, hn::MulAdd(scale, v.p, offset)), x + c, n);
    store(d, hn::MulAdd(half, dy, hn::MulAdd(scale, v.q, offset)), y + c, n);
  });
  const float hit = p.gradient_scale * (1 - p.smoothing);
  x[target] -= hit;
  y[target] -= hit;
}

void cross_entropy_twins(const RowOptions& p, float* x, float* y, std::size_t target,
                         CrossEntropySums& sums) {
  RowOptions losses_only = p;
  losses_only.want_gradient = false;
  CrossEntropySums other;
  cross_entropy_row(losses_only, x, target, sums);
  cross_entropy_row(losses_only, y, target, other);
  const TwinRows rows{x, y, softmax_of(x, p.columns), softmax_of(y, p.columns)};
  const FloatTag d;
  const double from_p = sum_blocks(p.columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
    const TwinVectors v = rows.at(c, n);
    return first(d, hn::Mul(v.p, v.d), n);
  });
  const double from_q = -sum_blocks(p.columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
    const TwinVectors v = rows.at(c, n);
    return first(d, hn::Mul(v.q, v.d), n);
  });
  sums.loss += other.loss + static_cast<double>(p.consistency) * (from_p + from_q) / 2;
  sums.plain_loss += other.plain_loss;
  sums.correct += other.correct;
  sums.count += other.count;
  if (p.want_gradient) {
    twin_gradients(p, rows, from_p, from_q, target, x, y);
  }
}

}  // namespace
}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heed::cpu {

namespace {
HWY_EXPORT(cross_entropy_row);
HWY_EXPORT(cross_entropy_twins);
}  // namespace

void cross_entropy(ExecutionContext& context, const CrossEntropy& p, CrossEntropySums& sums) {
  const std::int64_t rows = p.logits.rows();
  const std::int64_t columns = p.logits.columns();
  check_vector("cross_entropy", "targets", p.targets, rows);
  const std::int32_t* targets = p.targets.as<std::int32_t>();
  for (std::int64_t r = 0; r < rows; ++r) {
    if (targets[r] != p.ignore_id) {
      check_ids("cross_entropy", targets + r, 1, columns);
    }
  }
  const bool with_twins = p.twins.defined();
  if (with_twins) {
    check_matrix("cross_entropy", "twins", p.twins, rows, columns);
  }
  const Rows logits = rows_of(p.logits);
  const Rows twins = with_twins ? rows_of(p.twins) : logits;
  const RowOptions options{static_cast<std::size_t>(columns), p.smoothing, p.want_gradient,
                           p.gradient_scale, p.consistency};
  // One entry per row, added in the order of rows: the tiles do not show in the sums.
  std::vector<CrossEntropySums> row_sums(static_cast<std::size_t>(rows));
  run_rows(context, rows, columns, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const auto target = static_cast<std::size_t>(targets[r]);
      CrossEntropySums& row = row_sums[static_cast<std::size_t>(r)];
      if (targets[r] == p.ignore_id) {
        if (p.want_gradient) {
          std::fill(logits[r], logits[r] + columns, 0.0f);
          std::fill(twins[r], twins[r] + columns, 0.0f);
        }
      } else if (with_twins) {
        HWY_DYNAMIC_DISPATCH(cross_entropy_twins)(options, logits[r], twins[r], target, row);
      } else {
        HWY_DYNAMIC_DISPATCH(cross_entropy_row)(options, logits[r], target, row);
      }
    }
  });
  for (const CrossEntropySums& row : row_sums) {
    sums.loss += row.loss;
    sums.plain_loss += row.plain_loss;
    sums.correct += row.correct;
    sums.count += row.count;
  }
}

}  // namespace heed::cpu
#endif
