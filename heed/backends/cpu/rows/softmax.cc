#include "heed/kernels/softmax.h"

#include <cmath>
#include <vector>

#include "heed/backends/cpu/families.h"
#include "heed/backends/cpu/rows/cross_entropy.h"
#include "heed/backends/cpu/simd/targets.h"
#include "heed/backends/cpu/tiles.h"
#include "heed/kernels/operands.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "heed/backends/cpu/rows/softmax.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "heed/backends/cpu/rows/softmax_row-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {
namespace {

// Every element of y becomes `value`, or NaN if x has one.
void fill_row(const float* x, std::size_t columns, float value, float* y) {
  for (std::size_t c = 0; c < columns; ++c) {
    value = std::isnan(x[c]) ? x[c] : value;
  }
  std::fill(y, y + columns, value);
}

void softmax_row(const float* x, std::size_t columns, float* y) {
  const FloatTag d;
  const float largest = row_max(x, columns);
  if (largest == -std::numeric_limits<float>::infinity()) {
    fill_row(x, columns, 0, y);
    return;
  }
  const double total = sum_of_exp<true>(x, columns, largest, y);
  const auto factor = hn::Set(d, static_cast<float>(1 / total));
  for_each_vector(d, 0, columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
    store(d, hn::Mul(load(d, y + c, n), factor), y + c, n);
  });
}

void log_softmax_row(const float* x, std::size_t columns, float* y) {
  const FloatTag d;
  const float largest = row_max(x, columns);
  if (largest == -std::numeric_limits<float>::infinity()) {
    fill_row(x, columns, largest, y);
    return;
  }
  // Subtracted one after the other: their sum would round where the maximum is large.
  const auto log_total =
      hn::Set(d, static_cast<float>(std::log(sum_of_exp<false>(x, columns, largest, nullptr))));
  const auto top = hn::Set(d, largest);
  for_each_vector(d, 0, columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
    store(d, hn::Sub(hn::Sub(load(d, x + c, n), top), log_total), y + c, n);
  });
}

void softmax_backward_row(const float* y, const float* dy, std::size_t columns, float* dx) {
  const FloatTag d;
  const float dot = sum_vectors(d, columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
    return hn::Mul(load(d, y + c, n), load(d, dy + c, n));
  });
  const auto mean = hn::Set(d, dot);
  for_each_vector(d, 0, columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
    store(d, hn::Mul(load(d, y + c, n), hn::Sub(load(d, dy + c, n), mean)), dx + c, n);
  });
}

}  // namespace
}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heed::cpu {

namespace {

HWY_EXPORT(softmax_row);
HWY_EXPORT(log_softmax_row);
HWY_EXPORT(softmax_backward_row);

using RowMap = void (*)(const float* x, std::size_t columns, float* y);

void map_rows(ExecutionContext& context, const char* name, RowMap map, const ConstView& x,
              const View& y) {
  const std::int64_t columns = x.columns();
  check_matrix(name, "y", y, x.rows(), columns);
  const ConstRows in = rows_of(x);
  const Rows out = rows_of(y);
  run_rows(context, x.rows(), columns, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      map(in[r], static_cast<std::size_t>(columns), out[r]);
    }
  });
}

void softmax_forward(ExecutionContext& context, ConstView x, View y) {
  map_rows(context, "softmax_forward", HWY_DYNAMIC_DISPATCH(softmax_row), x, y);
}

void log_softmax_forward(ExecutionContext& context, ConstView x, View y) {
  map_rows(context, "log_softmax_forward", HWY_DYNAMIC_DISPATCH(log_softmax_row), x, y);
}

void sequence_log_softmax(ExecutionContext& context, ConstView x,
                          std::span<const std::int32_t> offsets, View y) {
  check_sequences("sequence_log_softmax", x, offsets);
  const std::int64_t columns = x.columns();
  check_matrix("sequence_log_softmax", "y", y, x.rows(), columns);
  const ConstRows in = rows_of(x);
  const Rows out = rows_of(y);
  const auto sequences = static_cast<std::int64_t>(offsets.size()) - 1;
  run_tiles(context, sequences, x.element_count(), [&](std::int64_t s) {
    const std::int64_t begin = offsets[static_cast<std::size_t>(s)];
    const std::int64_t length = offsets[static_cast<std::size_t>(s) + 1] - begin;
    std::vector<float> column(static_cast<std::size_t>(length));
    for (std::int64_t c = 0; c < columns; ++c) {
      for (std::int64_t r = 0; r < length; ++r) {
        column[static_cast<std::size_t>(r)] = in[begin + r][c];
      }
      HWY_DYNAMIC_DISPATCH(log_softmax_row)(column.data(), column.size(), column.data());
      for (std::int64_t r = 0; r < length; ++r) {
        out[begin + r][c] = column[static_cast<std::size_t>(r)];
      }
    }
  });
}

void softmax_backward(ExecutionContext& context, ConstView y, ConstView dy, View dx) {
  const std::int64_t columns = y.columns();
  check_matrix("softmax_backward", "dy", dy, y.rows(), columns);
  check_matrix("softmax_backward", "dx", dx, y.rows(), columns);
  const ConstRows weights = rows_of(y);
  const ConstRows gradients = rows_of(dy);
  const Rows out = rows_of(dx);
  run_rows(context, y.rows(), columns, [&](std::int64_t begin, std::int64_t end) {
    const auto row = HWY_DYNAMIC_DISPATCH(softmax_backward_row);
    for (std::int64_t r = begin; r < end; ++r) {
      row(weights[r], gradients[r], static_cast<std::size_t>(columns), out[r]);
    }
  });
}

}  // namespace

void register_softmax() {
  heed::softmax_forward.fill(DeviceKind::cpu, &softmax_forward);
  heed::log_softmax_forward.fill(DeviceKind::cpu, &log_softmax_forward);
  heed::softmax_backward.fill(DeviceKind::cpu, &softmax_backward);
  heed::cross_entropy.fill(DeviceKind::cpu, &cross_entropy);
  heed::map_logits.fill(DeviceKind::cpu, &map_logits);
  heed::map_logits_backward.fill(DeviceKind::cpu, &map_logits_backward);
  heed::sequence_log_softmax.fill(DeviceKind::cpu, &sequence_log_softmax);
  heed::sequence_cross_entropy.fill(DeviceKind::cpu, &sequence_cross_entropy);
}

}  // namespace heed::cpu
#endif
