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
  LogitMap map{};
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

// y = scale · x, or soft_cap · tanh(scale · x / soft_cap).
void map_row(const LogitMap& map, const float* x, std::size_t columns, float* y) {
  const FloatTag d;
  const auto cap = hn::Set(d, map.soft_cap);
  const auto factor = hn::Set(d, map.soft_cap > 0 ? map.scale / map.soft_cap : map.scale);
  for_each_vector(d, 0, columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
    const auto scaled = hn::Mul(factor, load(d, x + c, n));
    store(d, map.soft_cap > 0 ? hn::Mul(cap, tanh(d, scaled)) : scaled, y + c, n);
  });
}

// dx = factor · dy ⊙ (1 - (z / soft_cap)²), z the capped logits; dx may be dy.
void through_cap(float soft_cap, float factor, const float* z, const float* dy, std::size_t columns,
                 float* dx) {
  const FloatTag d;
  const auto one = hn::Set(d, 1.0f);
  const auto scale = hn::Set(d, factor);
  const auto inverse = hn::Set(d, 1 / soft_cap);
  for_each_vector(d, 0, columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
    const auto t = hn::Mul(inverse, load(d, z + c, n));
    const auto slope = hn::Mul(scale, hn::NegMulAdd(t, t, one));
    store(d, hn::Mul(load(d, dy + c, n), slope), dx + c, n);
  });
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

// The same with the map before it; capped logits are kept for their slope.
void mapped_cross_entropy_row(const RowOptions& p, float* x, std::size_t target,
                              CrossEntropySums& sums) {
  map_row(p.map, x, p.columns, x);
  thread_local std::vector<float> capped;
  const bool keeps = p.want_gradient && p.map.soft_cap > 0;
  if (keeps) {
    capped.assign(x, x + p.columns);
  }
  RowOptions options = p;
  options.gradient_scale *= p.map.scale;
  cross_entropy_row(options, x, target, sums);
  if (keeps) {
    through_cap(p.map.soft_cap, 1, capped.data(), x, p.columns, x);
  }
}

}  // namespace
}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heed::cpu {

namespace {
HWY_EXPORT(map_row);
HWY_EXPORT(through_cap);
HWY_EXPORT(cross_entropy_row);
HWY_EXPORT(mapped_cross_entropy_row);

void add_in_order(const std::vector<CrossEntropySums>& parts, CrossEntropySums& sums) {
  for (const CrossEntropySums& part : parts) {
    sums.loss += part.loss;
    sums.plain_loss += part.plain_loss;
    sums.correct += part.correct;
    sums.count += part.count;
  }
}

}  // namespace

void map_logits(ExecutionContext& context, ConstView x, const LogitMap& map, View y) {
  check_logit_map(map);
  check_matrix("map_logits", "y", y, x.rows(), x.columns());
  const ConstRows in = rows_of(x);
  const Rows out = rows_of(y);
  run_rows(context, x.rows(), x.columns(), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      HWY_DYNAMIC_DISPATCH(map_row)(map, in[r], static_cast<std::size_t>(x.columns()), out[r]);
    }
  });
}

void map_logits_backward(ExecutionContext& context, ConstView y, ConstView dy, const LogitMap& map,
                         View dx) {
  check_logit_map(map);
  check_matrix("map_logits_backward", "dy", dy, y.rows(), y.columns());
  check_matrix("map_logits_backward", "dx", dx, y.rows(), y.columns());
  const auto columns = static_cast<std::size_t>(y.columns());
  const ConstRows capped = rows_of(y);
  const ConstRows gradients = rows_of(dy);
  const Rows out = rows_of(dx);
  run_rows(context, y.rows(), y.columns(), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      if (map.soft_cap > 0) {
        HWY_DYNAMIC_DISPATCH(through_cap)
        (map.soft_cap, map.scale, capped[r], gradients[r], columns, out[r]);
      } else {
        HWY_DYNAMIC_DISPATCH(map_row)(map, gradients[r], columns, out[r]);
      }
    }
  });
}

void cross_entropy(ExecutionContext& context, const CrossEntropy& p, CrossEntropySums& sums) {
  const std::int64_t rows = p.logits.rows();
  const std::int64_t columns = p.logits.columns();
  check_logit_map(p.map);
  check_vector("cross_entropy", "targets", p.targets, rows);
  const std::int32_t* targets = p.targets.as<std::int32_t>();
  for (std::int64_t r = 0; r < rows; ++r) {
    if (targets[r] != p.ignore_id) {
      check_ids("cross_entropy", targets + r, 1, columns);
    }
  }
  const Rows logits = rows_of(p.logits);
  const RowOptions options{static_cast<std::size_t>(columns), p.smoothing, p.want_gradient,
                           p.gradient_scale, p.map};
  // One entry per row, added in the order of rows: the tiles do not show in the sums.
  std::vector<CrossEntropySums> row_sums(static_cast<std::size_t>(rows));
  run_rows(context, rows, columns, [&](std::int64_t begin, std::int64_t end) {
    const auto of_row = p.map.active() ? HWY_DYNAMIC_DISPATCH(mapped_cross_entropy_row)
                                       : HWY_DYNAMIC_DISPATCH(cross_entropy_row);
    for (std::int64_t r = begin; r < end; ++r) {
      if (targets[r] != p.ignore_id) {
        of_row(options, logits[r], static_cast<std::size_t>(targets[r]),
               row_sums[static_cast<std::size_t>(r)]);
      } else if (p.want_gradient) {
        std::fill(logits[r], logits[r] + columns, 0.0f);
      }
    }
  });
  add_in_order(row_sums, sums);
}

void sequence_cross_entropy(ExecutionContext& context, const SequenceCrossEntropy& p,
                            CrossEntropySums& sums) {
  check_sequence_targets(p);
  const Rows scores = rows_of(p.scores);
  const std::int64_t columns = p.scores.columns();
  const auto sequences = static_cast<std::int64_t>(p.offsets.size()) - 1;
  const std::int32_t* targets = p.targets.as<std::int32_t>();
  std::vector<CrossEntropySums> parts(static_cast<std::size_t>(sequences * columns));
  run_tiles(context, sequences, p.scores.element_count(), [&](std::int64_t s) {
    const std::int64_t begin = p.offsets[static_cast<std::size_t>(s)];
    const std::int64_t length = p.offsets[static_cast<std::size_t>(s) + 1] - begin;
    const RowOptions options{static_cast<std::size_t>(length), p.smoothing, p.want_gradient,
                             p.gradient_scale};
    std::vector<float> column(static_cast<std::size_t>(length));
    for (std::int64_t c = 0; c < columns; ++c) {
      const std::int32_t target = targets[s * p.targets.row_stride() + c];
      if (target == p.ignore_id) {
        std::fill(column.begin(), column.end(), 0.0f);
      } else {
        for (std::int64_t r = 0; r < length; ++r) {
          column[static_cast<std::size_t>(r)] = scores[begin + r][c];
        }
        HWY_DYNAMIC_DISPATCH(cross_entropy_row)
        (options, column.data(), static_cast<std::size_t>(target),
         parts[static_cast<std::size_t>(s * columns + c)]);
      }
      for (std::int64_t r = 0; p.want_gradient && r < length; ++r) {
        scores[begin + r][c] = column[static_cast<std::size_t>(r)];
      }
    }
  });
  add_in_order(parts, sums);
}

}  // namespace heed::cpu
#endif
