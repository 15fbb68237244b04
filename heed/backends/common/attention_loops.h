// The inner loops of attention: one query against the rows that it sees.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "heed/backends/common/matrix.h"
#include "heed/kernels/matmul.h"

namespace heed::reference {

// Rows first + index[n] · stride for n = 0 … count-1; the columns of one head.
template <typename T>
struct SeenRows {
  T* first = nullptr;
  std::int64_t stride = 0;
  const std::int32_t* index = nullptr;
  std::int64_t count = 0;

  T* operator[](std::int64_t n) const { return first + index[n] * stride; }
};

// Plain loops over T. What carries a whole row of attention (AttentionRow) takes them as a
// parameter, so that a backend with faster ones need not state the mathematics again.
template <typename T>
class AttentionLoops {
 public:
  using Element = T;

  explicit AttentionLoops(MatmulPrecision precision = MatmulPrecision::float32)
      : precision_(precision) {}

  // out[n] = x · row n.
  void products(const T* x, const SeenRows<const T>& rows, std::int64_t size, T* out) const {
    for (std::int64_t n = 0; n < rows.count; ++n) {
      T sum = 0;
      for (std::int64_t c = 0; c < size; ++c) {
        sum += operand(x[c]) * operand(rows[n][c]);
      }
      out[n] = sum;
    }
  }
  // y += Σ_n weights[n] · row n.
  void add_rows(const T* weights, const SeenRows<const T>& rows, std::int64_t size, T* y) const {
    for (std::int64_t n = 0; n < rows.count; ++n) {
      for (std::int64_t c = 0; c < size; ++c) {
        y[c] += operand(weights[n]) * operand(rows[n][c]);
      }
    }
  }
  // row n += weights[n] · x.
  void add_to_rows(const T* weights, const T* x, std::int64_t size, const SeenRows<T>& rows) const {
    for (std::int64_t n = 0; n < rows.count; ++n) {
      for (std::int64_t c = 0; c < size; ++c) {
        rows[n][c] += operand(weights[n]) * operand(x[c]);
      }
    }
  }

  // out[n] = -|x - row n|² / 2.
  void distances(const T* x, const SeenRows<const T>& rows, std::int64_t size, T* out) const {
    for (std::int64_t n = 0; n < rows.count; ++n) {
      T sum = 0;
      for (std::int64_t c = 0; c < size; ++c) {
        sum += (x[c] - rows[n][c]) * (x[c] - rows[n][c]);
      }
      out[n] = -sum / 2;
    }
  }
  // dx += Σ_n weights[n] · (row n - x); drow n += weights[n] · (x - row n).
  void add_distance_gradients(const T* weights, const T* x, const SeenRows<const T>& rows,
                              std::int64_t size, T* dx, const SeenRows<T>& drows) const {
    for (std::int64_t n = 0; n < rows.count; ++n) {
      for (std::int64_t c = 0; c < size; ++c) {
        const T difference = weights[n] * (rows[n][c] - x[c]);
        dx[c] += difference;
        drows[n][c] -= difference;
      }
    }
  }

  // out[n] = w · tanh(x + row n).
  void additive(const T* w, const T* x, const SeenRows<const T>& rows, std::int64_t size,
                T* out) const {
    for (std::int64_t n = 0; n < rows.count; ++n) {
      T sum = 0;
      for (std::int64_t c = 0; c < size; ++c) {
        sum += w[c] * std::tanh(x[c] + rows[n][c]);
      }
      out[n] = sum;
    }
  }
  // With a = tanh(x + row n): dx and drow n += dscores[n] · w ⊙ (1 - a²); dw += dscores[n] · a,
  // unless dw is null.
  void add_additive_gradients(const T* dscores, const T* w, const T* x,
                              const SeenRows<const T>& rows, std::int64_t size, T* dx,
                              const SeenRows<T>& drows, T* dw) const {
    for (std::int64_t n = 0; n < rows.count; ++n) {
      for (std::int64_t c = 0; c < size; ++c) {
        const T a = std::tanh(x[c] + rows[n][c]);
        const T slope = dscores[n] * w[c] * (1 - a * a);
        dx[c] += slope;
        drows[n][c] += slope;
        if (dw != nullptr) {
          dw[c] += dscores[n] * a;
        }
      }
    }
  }

  // y += factor · x.
  void add_scaled(T factor, const T* x, std::int64_t count, T* y) const {
    for (std::int64_t n = 0; n < count; ++n) {
      y[n] += factor * x[n];
    }
  }
  T dot(const T* a, const T* b, std::int64_t count) const {
    T sum = 0;
    for (std::int64_t n = 0; n < count; ++n) {
      sum += a[n] * b[n];
    }
    return sum;
  }
  // The largest number, ignoring NaN; -inf if there is none.
  T largest(const T* x, std::int64_t count) const {
    T maximum = -std::numeric_limits<T>::infinity();
    for (std::int64_t n = 0; n < count; ++n) {
      maximum = std::max(maximum, x[n]);
    }
    return maximum;
  }
  // x = e^(x - shift); returns the sum.
  T exponentials(T shift, std::int64_t count, T* x) const {
    T sum = 0;
    for (std::int64_t n = 0; n < count; ++n) {
      x[n] = std::exp(x[n] - shift);
      sum += x[n];
    }
    return sum;
  }
  // x = cap · tanh(x / cap).
  void soft_cap(T cap, std::int64_t count, T* x) const {
    for (std::int64_t n = 0; n < count; ++n) {
      x[n] = cap * std::tanh(x[n] / cap);
    }
  }
  // y = 1 / (1 + e^-x).
  void sigmoids(const T* x, std::int64_t count, T* y) const {
    for (std::int64_t n = 0; n < count; ++n) {
      y[n] = 1 / (1 + std::exp(-x[n]));
    }
  }

 private:
  // Operands of products are rounded when the plan asks for bfloat16; float64 is left alone.
  T operand(T value) const {
    if constexpr (std::is_same_v<T, float>) {
      if (precision_ == MatmulPrecision::bfloat16) {
        return static_cast<float>(BFloat16(value));
      }
    }
    return value;
  }

  MatmulPrecision precision_;
};

}  // namespace heed::reference
