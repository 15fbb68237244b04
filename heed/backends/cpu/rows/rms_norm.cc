#include "heed/backends/cpu/rows/rms_norm.h"

#include <cmath>

#include "heed/backends/cpu/simd/targets.h"
#include "heed/backends/cpu/tiles.h"
#include "heed/kernels/operands.h"
#include "heed/tensor/tensor.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "heed/backends/cpu/rows/rms_norm.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "heed/backends/cpu/simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {
namespace {

// Returns rstd.
float rms_forward_row(const float* x, const float* gain, std::size_t columns, float epsilon,
                      float* y) {
  const FloatTag d;
  const float squares = sum_vectors(d, columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
    const auto v = load(d, x + c, n);
    return hn::Mul(v, v);
  });
  const float rstd = 1 / std::sqrt(squares / static_cast<float>(columns) + epsilon);
  const auto factor = hn::Set(d, rstd);
  for_each_vector(d, 0, columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
    const auto xhat = hn::Mul(load(d, x + c, n), factor);
    store(d, hn::Mul(xhat, load(d, gain + c, n)), y + c, n);
  });
  return rstd;
}

// With g = dy ⊙ gain and xhat = x ⊙ rstd: dx = rstd ⊙ (g - xhat ⊙ mean_columns(g ⊙ xhat)),
// dgain += dy ⊙ xhat.
void rms_backward_row(const float* x, const float* gain, float rstd, const float* dy,
                      std::size_t columns, float* dx, float* dgain) {
  const FloatTag d;
  const auto factor = hn::Set(d, rstd);
  const float total = sum_vectors(d, columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
    const auto gradient_xhat = hn::Mul(load(d, dy + c, n), hn::Mul(load(d, x + c, n), factor));
    store(d, hn::Add(gradient_xhat, load(d, dgain + c, n)), dgain + c, n);
    return hn::Mul(gradient_xhat, load(d, gain + c, n));
  });
  const auto mean = hn::Set(d, total / static_cast<float>(columns));
  for_each_vector(d, 0, columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
    const auto xhat = hn::Mul(load(d, x + c, n), factor);
    const auto g = hn::Mul(load(d, dy + c, n), load(d, gain + c, n));
    store(d, hn::Mul(factor, hn::NegMulAdd(xhat, mean, g)), dx + c, n);
  });
}

}  // namespace
}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heed::cpu {

namespace {
HWY_EXPORT(rms_forward_row);
HWY_EXPORT(rms_backward_row);
}  // namespace

void rms_norm_forward(ExecutionContext& context, ConstView x, ConstView gain, float epsilon, View y,
                      View rstd) {
  constexpr const char* name = "rms_norm_forward";
  const std::int64_t rows = x.rows();
  const std::int64_t columns = x.columns();
  check_matrix(name, "y", y, rows, columns);
  check_vector(name, "gain", gain, columns);
  check_vector(name, "rstd", rstd, rows);
  const ConstRows in = rows_of(x);
  const Rows out = rows_of(y);
  const float* gains = gain.as<float>();
  float* factors = rstd.as<float>();
  run_rows(context, rows, columns, [&](std::int64_t begin, std::int64_t end) {
    const auto row = HWY_DYNAMIC_DISPATCH(rms_forward_row);
    for (std::int64_t r = begin; r < end; ++r) {
      factors[r] = row(in[r], gains, static_cast<std::size_t>(columns), epsilon, out[r]);
    }
  });
}

void rms_norm_backward(ExecutionContext& context, ConstView x, ConstView gain, ConstView rstd,
                       ConstView dy, View dx, View dgain) {
  constexpr const char* name = "rms_norm_backward";
  const std::int64_t rows = x.rows();
  const std::int64_t columns = x.columns();
  check_matrix(name, "dy", dy, rows, columns);
  check_matrix(name, "dx", dx, rows, columns);
  check_vector(name, "gain", gain, columns);
  check_vector(name, "rstd", rstd, rows);
  check_vector(name, "dgain", dgain, columns);
  const ConstRows in = rows_of(x);
  const ConstRows gradients = rows_of(dy);
  const Rows out = rows_of(dx);
  const float* gains = gain.as<float>();
  const float* factors = rstd.as<float>();
  const std::int64_t tiles = (rows + norm_tile_rows - 1) / norm_tile_rows;
  const Tensor partial = Tensor::empty({tiles, columns});
  float* sums = partial.view().as<float>();
  run_tiles(context, tiles, rows * columns, [&](std::int64_t tile) {
    const auto row = HWY_DYNAMIC_DISPATCH(rms_backward_row);
    const std::int64_t end = std::min(rows, (tile + 1) * norm_tile_rows);
    float* tile_sums = sums + tile * columns;
    std::fill(tile_sums, tile_sums + columns, 0.0f);
    for (std::int64_t r = tile * norm_tile_rows; r < end; ++r) {
      row(in[r], gains, factors[r], gradients[r], static_cast<std::size_t>(columns), out[r],
          tile_sums);
    }
  });
  add_tile_sums(sums, tiles, columns, columns, dgain.as<float>());
}

}  // namespace heed::cpu
#endif
