#include "heed/kernels/normalization.h"

#include <cmath>
#include <vector>

#include "heed/backends/cpu/families.h"
#include "heed/backends/cpu/rows/rms_norm.h"
#include "heed/backends/cpu/simd/targets.h"
#include "heed/backends/cpu/tiles.h"
#include "heed/kernels/operands.h"
#include "heed/tensor/tensor.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "heed/backends/cpu/rows/normalization.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "heed/backends/cpu/simd/bfloat16-inl.h"
#include "heed/backends/cpu/simd/dropout-inl.h"

#ifndef HEED_BACKENDS_CPU_NORMALIZATION_OPERANDS_
#define HEED_BACKENDS_CPU_NORMALIZATION_OPERANDS_
namespace heed::cpu {
namespace {

struct ForwardOperands {
  ConstRows x, branch;
  Rows sum, y;
  RoundedRows rounded_sum;  // in place of `sum`
  const float* gain;
  const float* bias;
  float* mean;
  float* rstd;
  std::size_t columns;
  float epsilon;
  const DropoutStream* stream;
};

// `Element` is that of the sum.
template <typename Element>
struct BackwardOperands {
  RowsOf<const Element> sum;
  ConstRows dy;
  Rows dsum, dbranch;
  const float* gain;
  const float* mean;
  const float* rstd;
  std::size_t columns;
  bool accumulate_x;
  const DropoutStream* stream;
};

}  // namespace
}  // namespace heed::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {
namespace {

// Forms row r of the sum where one is asked for and returns the sum of its elements.
template <bool kDropout>
HWY_INLINE float residual_row(const ForwardOperands& p, std::int64_t r, float* sum,
                              DropoutMask& mask) {
  const FloatTag d;
  const float* x = p.x[r];
  if (!p.branch.defined()) {
    return sum_vectors(d, p.columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
      const auto v = load(d, x + c, n);
      if (sum != nullptr) {
        store(d, v, sum + c, n);
      }
      return v;
    });
  }
  const float* branch = p.branch[r];
  if constexpr (kDropout) {
    mask.start_row(p.stream->row_key(r));
  }
  return sum_vectors(d, p.columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
    const std::size_t offset = c % DropoutMask::group_columns;
    if (kDropout && offset == 0) {
      mask.draw(c / DropoutMask::group_columns);
    }
    const auto b = load(d, branch + c, n);
    const auto v = hn::Add(load(d, x + c, n), kDropout ? mask.apply(d, b, offset) : b);
    store(d, v, sum + c, n);
    return v;
  });
}

void normalize_row(const ForwardOperands& p, std::int64_t r, const float* sum, float total) {
  const FloatTag d;
  float* y = p.y[r];
  const auto count = static_cast<float>(p.columns);
  const float mean = total / count;
  const auto center = hn::Set(d, mean);
  const float squares =
      sum_vectors(d, p.columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
        const auto v = first(d, hn::Sub(load(d, sum + c, n), center), n);
        return hn::Mul(v, v);
      });
  const float rstd = 1 / std::sqrt(squares / count + p.epsilon);
  const auto factor = hn::Set(d, rstd);
  for_each_vector(d, 0, p.columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
    const auto xhat = hn::Mul(hn::Sub(load(d, sum + c, n), center), factor);
    store(d, hn::MulAdd(xhat, load(d, p.gain + c, n), load(d, p.bias + c, n)), y + c, n);
  });
  if (p.mean != nullptr) {
    p.mean[r] = mean;
    p.rstd[r] = rstd;
  }
}

template <bool kDropout>
void forward_rows_of(const ForwardOperands& p, std::int64_t begin, std::int64_t end) {
  const FloatTag d;
  DropoutMask mask(*p.stream);
  std::vector<float> row(p.rounded_sum.defined() ? p.columns : 0);
  for (std::int64_t r = begin; r < end; ++r) {
    float* sum = p.rounded_sum.defined() ? row.data() : p.sum.defined() ? p.sum[r] : nullptr;
    const float total = residual_row<kDropout>(p, r, sum, mask);
    if (p.y.defined()) {
      normalize_row(p, r, sum != nullptr ? sum : p.x[r], total);
    }
    if (p.rounded_sum.defined()) {
      for_each_vector(d, 0, p.columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
        store(d, load(d, sum + c, n), p.rounded_sum[r] + c, n);
      });
    }
  }
}

void norm_forward_rows(const ForwardOperands& p, std::int64_t begin, std::int64_t end) {
  if (p.stream->active() && p.branch.defined()) {
    forward_rows_of<true>(p, begin, end);
  } else {
    forward_rows_of<false>(p, begin, end);
  }
}

// The column means of g = dy ⊙ gain and of g ⊙ xhat; adds the row to the gradients of gain and
// bias.
struct RowMeans {
  float g;
  float g_xhat;
};
template <typename Element>
HWY_INLINE RowMeans gradient_means(const BackwardOperands<Element>& p, std::int64_t r, float* dgain,
                                   float* dbias) {
  const FloatTag d;
  const Element* sum = p.sum[r];
  const float* dy = p.dy[r];
  const auto center = hn::Set(d, p.mean[r]);
  const auto factor = hn::Set(d, p.rstd[r]);
  FloatSum g_xhat_sum;
  const float g_sum = sum_vectors(d, p.columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
    const auto gradient = load(d, dy + c, n);
    const auto xhat = hn::Mul(hn::Sub(load(d, sum + c, n), center), factor);
    const auto g = hn::Mul(gradient, load(d, p.gain + c, n));
    g_xhat_sum.add<0>(hn::Mul(g, xhat));
    store(d, hn::MulAdd(gradient, xhat, load(d, dgain + c, n)), dgain + c, n);
    store(d, hn::Add(gradient, load(d, dbias + c, n)), dbias + c, n);
    return g;
  });
  const auto count = static_cast<float>(p.columns);
  return {g_sum / count, g_xhat_sum.total() / count};
}

template <bool kDropout, typename Element>
HWY_INLINE void gradient_row(const BackwardOperands<Element>& p, std::int64_t r, RowMeans means,
                             DropoutMask& mask) {
  const FloatTag d;
  const Element* sum = p.sum[r];
  const float* dy = p.dy[r];
  float* dsum = p.dsum[r];
  const auto center = hn::Set(d, p.mean[r]);
  const auto factor = hn::Set(d, p.rstd[r]);
  const auto mean_g = hn::Set(d, means.g);
  const auto mean_g_xhat = hn::Set(d, means.g_xhat);
  if constexpr (kDropout) {
    mask.start_row(p.stream->row_key(r));
  }
  for_each_vector(d, 0, p.columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
    const std::size_t offset = c % DropoutMask::group_columns;
    if (kDropout && offset == 0) {
      mask.draw(c / DropoutMask::group_columns);
    }
    const auto xhat = hn::Mul(hn::Sub(load(d, sum + c, n), center), factor);
    const auto g = hn::MulSub(load(d, dy + c, n), load(d, p.gain + c, n), mean_g);
    const auto gradient = hn::Mul(factor, hn::NegMulAdd(xhat, mean_g_xhat, g));
    if (p.dbranch.defined()) {
      store(d, kDropout ? mask.apply(d, gradient, offset) : gradient, p.dbranch[r] + c, n);
    }
    store(d, p.accumulate_x ? hn::Add(gradient, load(d, dsum + c, n)) : gradient, dsum + c, n);
  });
}

template <bool kDropout, typename Element>
void backward_rows_of(const BackwardOperands<Element>& p, std::int64_t begin, std::int64_t end,
                      float* dgain, float* dbias) {
  DropoutMask mask(*p.stream);
  std::fill(dgain, dgain + p.columns, 0.0f);
  std::fill(dbias, dbias + p.columns, 0.0f);
  for (std::int64_t r = begin; r < end; ++r) {
    gradient_row<kDropout>(p, r, gradient_means(p, r, dgain, dbias), mask);
  }
}

template <typename Element>
void backward_rows(const BackwardOperands<Element>& p, std::int64_t begin, std::int64_t end,
                   float* dgain, float* dbias) {
  if (p.stream->active() && p.dbranch.defined()) {
    backward_rows_of<true>(p, begin, end, dgain, dbias);
  } else {
    backward_rows_of<false>(p, begin, end, dgain, dbias);
  }
}
void norm_backward_rows(const BackwardOperands<float>& p, std::int64_t begin, std::int64_t end,
                        float* dgain, float* dbias) {
  backward_rows(p, begin, end, dgain, dbias);
}
void norm_backward_rounded_rows(const BackwardOperands<BFloat16>& p, std::int64_t begin,
                                std::int64_t end, float* dgain, float* dbias) {
  backward_rows(p, begin, end, dgain, dbias);
}

}  // namespace
}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heed::cpu {

namespace {

HWY_EXPORT(norm_forward_rows);
HWY_EXPORT(norm_backward_rows);
HWY_EXPORT(norm_backward_rounded_rows);

void residual_norm_forward(ExecutionContext& context, const ResidualNormForward& p) {
  constexpr const char* name = "residual_norm_forward";
  const std::int64_t rows = p.x.rows();
  const std::int64_t d = p.x.columns();
  check(p.sum.defined() || !p.branch.defined() || rows * d == 0,
        "{}: a branch needs a place for the sum", name);
  if (p.branch.defined()) {
    check_matrix(name, "branch", p.branch, rows, d);
  }
  if (p.sum.defined()) {
    check_matrix(name, "sum", p.sum, rows, d);
  }
  ForwardOperands operands{};
  operands.x = rows_of(p.x);
  operands.branch = rows_of(p.branch);
  operands.y = rows_of(p.y);
  operands.columns = static_cast<std::size_t>(d);
  operands.epsilon = p.epsilon;
  operands.stream = &p.dropout;
  if (p.sum.defined() && p.sum.dtype == DType::bfloat16) {
    operands.rounded_sum = {p.sum.as<BFloat16>(), p.sum.row_stride()};
  } else {
    operands.sum = rows_of(p.sum);
  }
  if (p.y.defined()) {
    check_matrix(name, "y", p.y, rows, d);
    check_vector(name, "gain", p.gain, d);
    check_vector(name, "bias", p.bias, d);
    operands.gain = p.gain.as<float>();
    operands.bias = p.bias.as<float>();
    if (p.mean.defined()) {
      check_vector(name, "mean", p.mean, rows);
      check_vector(name, "rstd", p.rstd, rows);
      operands.mean = p.mean.as<float>();
      operands.rstd = p.rstd.as<float>();
    }
  }
  run_rows(context, rows, d, [&](std::int64_t begin, std::int64_t end) {
    HWY_DYNAMIC_DISPATCH(norm_forward_rows)(operands, begin, end);
  });
}

// Calls rows(operands, begin, end, dgain, dbias) on tiles of rows, and adds their gradients.
template <typename Element, typename RunRows>
void run_backward(ExecutionContext& context, const ResidualNormBackward& p, RunRows&& run_rows) {
  const std::int64_t rows = p.sum.rows();
  const std::int64_t d = p.sum.columns();
  const BackwardOperands<Element> operands{{p.sum.as<Element>(), p.sum.row_stride()},
                                           rows_of(p.dy),
                                           rows_of(p.dsum),
                                           rows_of(p.dbranch),
                                           p.gain.as<float>(),
                                           p.mean.as<float>(),
                                           p.rstd.as<float>(),
                                           static_cast<std::size_t>(d),
                                           p.accumulate_x,
                                           &p.dropout};
  const std::int64_t tiles = (rows + norm_tile_rows - 1) / norm_tile_rows;
  const Tensor partial = Tensor::empty({tiles, 2, d});
  float* sums = partial.view().as<float>();
  run_tiles(context, tiles, rows * d, [&](std::int64_t tile) {
    const std::int64_t begin = tile * norm_tile_rows;
    float* dgain = sums + tile * 2 * d;
    run_rows(operands, begin, std::min(rows, begin + norm_tile_rows), dgain, dgain + d);
  });
  add_tile_sums(sums, tiles, 2 * d, d, p.dgain.as<float>());
  add_tile_sums(sums + d, tiles, 2 * d, d, p.dbias.as<float>());
}

void residual_norm_backward(ExecutionContext& context, const ResidualNormBackward& p) {
  constexpr const char* name = "residual_norm_backward";
  const std::int64_t rows = p.sum.rows();
  const std::int64_t d = p.sum.columns();
  check_matrix(name, "dy", p.dy, rows, d);
  check_matrix(name, "dsum", p.dsum, rows, d);
  if (p.dbranch.defined()) {
    check_matrix(name, "dbranch", p.dbranch, rows, d);
  }
  check_vector(name, "gain", p.gain, d);
  check_vector(name, "mean", p.mean, rows);
  check_vector(name, "rstd", p.rstd, rows);
  check_vector(name, "dgain", p.dgain, d);
  check_vector(name, "dbias", p.dbias, d);
  if (p.sum.defined() && p.sum.dtype == DType::bfloat16) {
    run_backward<BFloat16>(context, p, [](const auto&... arguments) {
      HWY_DYNAMIC_DISPATCH(norm_backward_rounded_rows)(arguments...);
    });
  } else {
    run_backward<float>(context, p, [](const auto&... arguments) {
      HWY_DYNAMIC_DISPATCH(norm_backward_rows)(arguments...);
    });
  }
}

}  // namespace

void add_tile_sums(const float* sums, std::int64_t tiles, std::int64_t stride, std::int64_t columns,
                   float* total) {
  std::vector<double> all(static_cast<std::size_t>(columns));
  for (std::int64_t tile = 0; tile < tiles; ++tile) {
    const float* row = sums + tile * stride;
    for (std::int64_t c = 0; c < columns; ++c) {
      all[static_cast<std::size_t>(c)] += row[c];
    }
  }
  for (std::int64_t c = 0; c < columns; ++c) {
    total[c] += static_cast<float>(all[static_cast<std::size_t>(c)]);
  }
}

void register_normalization() {
  heed::residual_norm_forward.fill(DeviceKind::cpu, &residual_norm_forward);
  heed::residual_norm_backward.fill(DeviceKind::cpu, &residual_norm_backward);
  heed::rms_norm_forward.fill(DeviceKind::cpu, &rms_norm_forward);
  heed::rms_norm_backward.fill(DeviceKind::cpu, &rms_norm_backward);
}

}  // namespace heed::cpu
#endif
