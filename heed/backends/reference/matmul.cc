#include "heed/kernels/matmul.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "heed/backends/reference/families.h"

namespace heed::reference {

namespace {

template <typename T>
double operand(T value, MatmulPrecision precision) {
  if constexpr (std::is_same_v<T, float>) {
    return precision == MatmulPrecision::bfloat16 ? static_cast<float>(BFloat16(value)) : value;
  } else {
    return value;
  }
}

// A row of `size` elements as integers of -127 … 127; returns their scale. A NaN or an
// infinity makes the scale NaN.
float quantize_row(const float* row, std::int64_t size, std::vector<std::int32_t>& integers) {
  float greatest = 0, poison = 0;
  for (std::int64_t i = 0; i < size; ++i) {
    greatest = std::max(greatest, std::abs(row[i]));
    poison += row[i] * 0.0f;
  }
  const float factor = quantizing_factor(greatest);
  integers.assign(static_cast<std::size_t>(size), 0);
  for (std::int64_t i = 0; i < size && !std::isnan(poison); ++i) {
    const float scaled = std::nearbyint(row[i] * factor);  // ties to even
    integers[static_cast<std::size_t>(i)] =
        static_cast<std::int32_t>(std::clamp(scaled, -127.0f, 127.0f));
  }
  return greatest / 127.0f + poison;
}

void matmul_int8(const ConstView& a, const ConstView& b, const View& c,
                 const MatmulOptions& options) {
  const MatmulSizes sizes = matmul_sizes(a, b, c, options);
  const float* bias = options.bias.defined() ? options.bias.as<float>() : nullptr;
  std::vector<std::vector<std::int32_t>> weights(static_cast<std::size_t>(sizes.n));
  std::vector<float> scales(static_cast<std::size_t>(sizes.n));
  for (std::size_t j = 0; j < weights.size(); ++j) {
    const std::int64_t begin = static_cast<std::int64_t>(j) * b.row_stride();
    if (b.dtype == DType::int8) {
      const std::int8_t* integers = b.as<std::int8_t>() + begin;
      weights[j].assign(integers, integers + sizes.k);
      std::memcpy(&scales[j], integers + sizes.k, row_scale_bytes);
    } else {
      scales[j] = quantize_row(b.as<float>() + begin, sizes.k, weights[j]);
    }
  }
  std::vector<std::int32_t> row;
  for (std::int64_t i = 0; i < sizes.m; ++i) {
    const float scale = quantize_row(a.as<float>() + i * a.row_stride(), sizes.k, row);
    float* c_row = c.as<float>() + i * c.row_stride();
    for (std::size_t j = 0; j < weights.size(); ++j) {
      std::int64_t sum = 0;
      for (std::size_t p = 0; p < row.size(); ++p) {
        sum += row[p] * weights[j][p];
      }
      double value = options.alpha * static_cast<double>(sum) * scale * scales[j];
      value += bias != nullptr ? bias[j] : 0;
      value += options.accumulate ? c_row[j] : 0;
      c_row[j] = static_cast<float>(options.relu && value < 0 ? 0 : value);
    }
  }
}

void run_quantize_rows(ExecutionContext&, ConstView weight, View integers) {
  check_quantized_shape(weight, integers);
  std::vector<std::int32_t> row;
  for (std::int64_t i = 0; i < weight.rows(); ++i) {
    const float scale =
        quantize_row(weight.as<float>() + i * weight.row_stride(), weight.columns(), row);
    std::int8_t* to = integers.as<std::int8_t>() + i * integers.row_stride();
    std::copy(row.begin(), row.end(), to);
    std::memcpy(to + weight.columns(), &scale, row_scale_bytes);
  }
}

// Sums are formed in float64 for either type.
template <typename T>
void matmul_typed(const ConstView& a, const ConstView& b, const View& c,
                  const MatmulOptions& options) {
  const MatmulSizes sizes = matmul_sizes(a, b, c, options);
  const T* a_data = a.as<T>();
  const T* b_data = b.as<T>();
  T* c_data = c.as<T>();
  const T* bias = options.bias.defined() ? options.bias.as<T>() : nullptr;
  const std::int64_t a_row = options.transpose_a ? 1 : a.row_stride();
  const std::int64_t a_column = options.transpose_a ? a.row_stride() : 1;
  const std::int64_t b_row = options.transpose_b ? 1 : b.row_stride();
  const std::int64_t b_column = options.transpose_b ? b.row_stride() : 1;

  std::vector<double> sums(static_cast<std::size_t>(sizes.n));
  for (std::int64_t i = 0; i < sizes.m; ++i) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (std::int64_t p = 0; p < sizes.k; ++p) {
      const double left = operand(a_data[i * a_row + p * a_column], options.precision);
      for (std::int64_t j = 0; j < sizes.n; ++j) {
        sums[static_cast<std::size_t>(j)] +=
            left * operand(b_data[p * b_row + j * b_column], options.precision);
      }
    }
    T* c_row = c_data + i * c.row_stride();
    for (std::int64_t j = 0; j < sizes.n; ++j) {
      double value = options.alpha * sums[static_cast<std::size_t>(j)];
      value += bias != nullptr ? bias[j] : 0;
      value += options.accumulate ? c_row[j] : 0;
      // Written so that NaN passes.
      c_row[j] = static_cast<T>(options.relu && value < 0 ? 0 : value);
    }
  }
}

void run_matmul(ExecutionContext&, ConstView a, ConstView b, View c, const MatmulOptions& options) {
  if (c.dtype == DType::float64) {
    matmul_typed<double>(a, b, c, options);
  } else if (quantizes(b, options)) {
    matmul_int8(a, b, c, options);
  } else {
    matmul_typed<float>(a, b, c, options);
  }
}

template <typename T>
void column_sums_typed(const ConstView& x, bool accumulate, const View& sums) {
  const T* rows = x.as<T>();
  T* out = sums.as<T>();
  for (std::int64_t j = 0; j < x.columns(); ++j) {
    double sum = accumulate ? out[j] : 0;
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      sum += rows[i * x.row_stride() + j];
    }
    out[j] = static_cast<T>(sum);
  }
}

void run_column_sums(ExecutionContext&, ConstView x, bool accumulate, View sums) {
  check_usage(sums.element_count() == x.columns(), "column_sums: sums {} for {}", sums.shape,
              x.shape);
  if (sums.dtype == DType::float64) {
    column_sums_typed<double>(x, accumulate, sums);
  } else {
    column_sums_typed<float>(x, accumulate, sums);
  }
}

}  // namespace

void register_matmul() {
  matmul.fill(DeviceKind::reference, &run_matmul);
  quantize_rows.fill(DeviceKind::reference, &run_quantize_rows);
  column_sums.fill(DeviceKind::reference, &run_column_sums);
}

}  // namespace heed::reference
