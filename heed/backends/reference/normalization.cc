#include "heed/kernels/normalization.h"

#include <cmath>
#include <vector>

#include "heed/backends/reference/families.h"
#include "heed/backends/reference/matrix.h"

namespace heed::reference {

namespace {

template <typename T>
void normalize_row(const T* sum, std::int64_t d, const T* gain, const T* bias, float epsilon, T* y,
                   T* mean_out, T* rstd_out) {
  double mean = 0;
  for (std::int64_t c = 0; c < d; ++c) {
    mean += sum[c];
  }
  mean /= static_cast<double>(d);
  double variance = 0;
  for (std::int64_t c = 0; c < d; ++c) {
    variance += (sum[c] - mean) * (sum[c] - mean);
  }
  variance /= static_cast<double>(d);
  const double rstd = 1 / std::sqrt(variance + static_cast<double>(epsilon));
  for (std::int64_t c = 0; c < d; ++c) {
    y[c] = static_cast<T>((sum[c] - mean) * rstd * gain[c] + bias[c]);
  }
  if (mean_out != nullptr) {
    *mean_out = static_cast<T>(mean);
    *rstd_out = static_cast<T>(rstd);
  }
}

template <typename T>
void residual_norm_forward_of(const ResidualNormForward& p) {
  const auto x = matrix<T>(p.x);
  for (std::int64_t r = 0; r < x.rows; ++r) {
    const T* sum = x[r];
    if (p.sum.defined()) {
      T* out = matrix<T>(p.sum)[r];
      for (std::int64_t c = 0; c < x.columns; ++c) {
        const T branch = p.branch.defined() ? matrix<T>(p.branch)[r][c] : T{0};
        out[c] = x[r][c] + dropped(branch, p.dropout, r, c);
      }
      sum = out;
    }
    if (p.y.defined()) {
      const bool stores = p.mean.defined();
      normalize_row(sum, x.columns, p.gain.as<T>(), p.bias.as<T>(), p.epsilon, matrix<T>(p.y)[r],
                    stores ? p.mean.as<T>() + r : nullptr, stores ? p.rstd.as<T>() + r : nullptr);
    }
  }
}

void residual_norm_forward(ExecutionContext&, const ResidualNormForward& p) {
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
  if (p.y.defined()) {
    check_matrix(name, "y", p.y, rows, d);
    check_vector(name, "gain", p.gain, d);
    check_vector(name, "bias", p.bias, d);
    if (p.mean.defined()) {
      check_vector(name, "mean", p.mean, rows);
      check_vector(name, "rstd", p.rstd, rows);
    }
  }
  for_floating_type(name, p.x.dtype,
                    [&](auto type) { residual_norm_forward_of<decltype(type)>(p); });
}

template <typename T>
void residual_norm_backward_of(const ResidualNormBackward& p) {
  const auto sum = matrix<T>(p.sum);
  const auto dy = matrix<T>(p.dy);
  const auto dsum = matrix<T>(p.dsum);
  const std::int64_t d = sum.columns;
  const T* gain = p.gain.as<T>();
  std::vector<double> gain_sums(static_cast<std::size_t>(d));
  std::vector<double> bias_sums(static_cast<std::size_t>(d));
  for (std::int64_t r = 0; r < sum.rows; ++r) {
    const T mean = p.mean.as<T>()[r];
    const T rstd = p.rstd.as<T>()[r];
    double mean_g = 0;       // of g = dy ⊙ gain
    double mean_g_xhat = 0;  // of g ⊙ xhat
    for (std::int64_t c = 0; c < d; ++c) {
      const double g = dy[r][c] * gain[c];
      const double xhat = (sum[r][c] - mean) * rstd;
      mean_g += g / static_cast<double>(d);
      mean_g_xhat += g * xhat / static_cast<double>(d);
      gain_sums[static_cast<std::size_t>(c)] += dy[r][c] * xhat;
      bias_sums[static_cast<std::size_t>(c)] += dy[r][c];
    }
    for (std::int64_t c = 0; c < d; ++c) {
      const double g = dy[r][c] * gain[c];
      const double xhat = (sum[r][c] - mean) * rstd;
      const T gradient = static_cast<T>(rstd * (g - mean_g - xhat * mean_g_xhat));
      dsum[r][c] = gradient + (p.accumulate_x ? dsum[r][c] : T{0});
      if (p.dbranch.defined()) {
        matrix<T>(p.dbranch)[r][c] = dropped(gradient, p.dropout, r, c);
      }
    }
  }
  for (std::int64_t c = 0; c < d; ++c) {
    p.dgain.as<T>()[c] += static_cast<T>(gain_sums[static_cast<std::size_t>(c)]);
    p.dbias.as<T>()[c] += static_cast<T>(bias_sums[static_cast<std::size_t>(c)]);
  }
}

void residual_norm_backward(ExecutionContext&, const ResidualNormBackward& p) {
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
  for_floating_type(name, p.sum.dtype,
                    [&](auto type) { residual_norm_backward_of<decltype(type)>(p); });
}

void rms_norm_forward(ExecutionContext&, ConstView x, ConstView gain, float epsilon, View y,
                      View rstd) {
  constexpr const char* name = "rms_norm_forward";
  check_matrix(name, "y", y, x.rows(), x.columns());
  check_vector(name, "gain", gain, x.columns());
  check_vector(name, "rstd", rstd, x.rows());
  for_floating_type(name, x.dtype, [&](auto type) {
    using T = decltype(type);
    const auto in = matrix<T>(x);
    const auto out = matrix<T>(y);
    for (std::int64_t r = 0; r < in.rows; ++r) {
      double squares = 0;
      for (std::int64_t c = 0; c < in.columns; ++c) {
        squares += static_cast<double>(in[r][c]) * in[r][c];
      }
      const double mean = squares / static_cast<double>(in.columns);
      const double factor = 1 / std::sqrt(mean + static_cast<double>(epsilon));
      for (std::int64_t c = 0; c < in.columns; ++c) {
        out[r][c] = static_cast<T>(in[r][c] * factor * gain.as<T>()[c]);
      }
      rstd.as<T>()[r] = static_cast<T>(factor);
    }
  });
}

// With g = dy ⊙ gain and xhat = x ⊙ rstd: dx = rstd ⊙ (g - xhat ⊙ mean_columns(g ⊙ xhat)),
// dgain += Σ_rows dy ⊙ xhat.
void rms_norm_backward(ExecutionContext&, ConstView x, ConstView gain, ConstView rstd, ConstView dy,
                       View dx, View dgain) {
  constexpr const char* name = "rms_norm_backward";
  const std::int64_t d = x.columns();
  check_matrix(name, "dy", dy, x.rows(), d);
  check_matrix(name, "dx", dx, x.rows(), d);
  check_vector(name, "gain", gain, d);
  check_vector(name, "rstd", rstd, x.rows());
  check_vector(name, "dgain", dgain, d);
  for_floating_type(name, x.dtype, [&](auto type) {
    using T = decltype(type);
    const auto in = matrix<T>(x);
    const auto out_gradient = matrix<T>(dy);
    const auto in_gradient = matrix<T>(dx);
    std::vector<double> gain_sums(static_cast<std::size_t>(d));
    for (std::int64_t r = 0; r < in.rows; ++r) {
      const double factor = rstd.as<T>()[r];
      double mean = 0;
      for (std::int64_t c = 0; c < d; ++c) {
        const double xhat = in[r][c] * factor;
        mean += out_gradient[r][c] * gain.as<T>()[c] * xhat / static_cast<double>(d);
        gain_sums[static_cast<std::size_t>(c)] += out_gradient[r][c] * xhat;
      }
      for (std::int64_t c = 0; c < d; ++c) {
        const double g = out_gradient[r][c] * gain.as<T>()[c];
        in_gradient[r][c] = static_cast<T>(factor * (g - in[r][c] * factor * mean));
      }
    }
    for (std::int64_t c = 0; c < d; ++c) {
      dgain.as<T>()[c] += static_cast<T>(gain_sums[static_cast<std::size_t>(c)]);
    }
  });
}

}  // namespace

void register_normalization() {
  heed::residual_norm_forward.fill(DeviceKind::reference, &residual_norm_forward);
  heed::residual_norm_backward.fill(DeviceKind::reference, &residual_norm_backward);
  heed::rms_norm_forward.fill(DeviceKind::reference, &rms_norm_forward);
  heed::rms_norm_backward.fill(DeviceKind::reference, &rms_norm_backward);
}

}  // namespace heed::reference
