#include "heed/backends/cpu/rows/cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "heed/backends/cpu/simd/targets.h"
#include "heed/backends/cpu/tiles.h"
#include "heed/kernels/operands.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "heed/backends/cpu/rows/cross_entropy.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "heed/backends/cpu/rows/softmax_row-inl.h"

#ifndef HEED_BACKENDS_CPU_CROSS_ENTROPY_OPTIONS_
#define HEED_BACKENDS_CPU_CROSS_ENTROPY_OPTIONS_
namespace heed::cpu {
namespace {

struct RowOptions {
  std::size_t columns;
  float smoothing;
  bool want_gradient;
  float gradient_scale;
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

}  // namespace
}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heed::cpu {

namespace {
HWY_EXPORT(cross_entropy_row);
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
  const Rows logits = rows_of(p.logits);
  const RowOptions options{static_cast<std::size_t>(columns), p.smoothing, p.want_gradient,
                           p.gradient_scale};
  // One entry per row, added in the order of rows: the tiles do not show in the sums.
  std::vector<CrossEntropySums> row_sums(static_cast<std::size_t>(rows));
  run_rows(context, rows, columns, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      if (targets[r] != p.ignore_id) {
        HWY_DYNAMIC_DISPATCH(cross_entropy_row)
        (options, logits[r], static_cast<std::size_t>(targets[r]),
         row_sums[static_cast<std::size_t>(r)]);
      } else if (p.want_gradient) {
        std::fill(logits[r], logits[r] + columns, 0.0f);
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
