#include "heed/kernels/elementwise.h"

#include <cmath>
#include <numbers>

#include "heed/backends/reference/families.h"
#include "heed/backends/reference/matrix.h"
#include "heed/backends/reference/scalar.h"

namespace heed::reference {

namespace {

constexpr double gelu_tanh_scale = 0.79788456080286535588;  // √(2/π)
constexpr double gelu_tanh_cubic = 0.044715;

// The distribution function of the standard normal.
double normal_cdf(double x) {
  return 0.5 * std::erfc(-x / std::numbers::sqrt2);
}

double activate(Activation activation, double x) {
  switch (activation) {
    case Activation::identity:
      return x;
    case Activation::relu:
      return x < 0 ? 0 : x;  // NaN stays NaN
    case Activation::gelu:
      return x * normal_cdf(x);
    case Activation::gelu_tanh:
      return 0.5 * x * (1 + std::tanh(gelu_tanh_scale * (x + gelu_tanh_cubic * x * x * x)));
    case Activation::silu:
      return x * sigmoid(x);
    case Activation::tanh:
      return std::tanh(x);
    case Activation::relu_squared:
      return x < 0 ? 0 : x * x;
  }
  fail(ErrorKind::failure, "activation {} does not exist", static_cast<int>(activation));
}

double derivative(Activation activation, double x) {
  switch (activation) {
    case Activation::identity:
      return 1;
    case Activation::relu:
      return x <= 0 ? 0 : 1;
    case Activation::gelu: {
      const double density =
          std::exp(-0.5 * x * x) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
      return normal_cdf(x) + x * density;
    }
    case Activation::gelu_tanh: {
      const double t = std::tanh(gelu_tanh_scale * (x + gelu_tanh_cubic * x * x * x));
      const double inner = gelu_tanh_scale * (1 + 3 * gelu_tanh_cubic * x * x);
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner;
    }
    case Activation::silu: {
      const double s = sigmoid(x);
      return s * (1 + x * (1 - s));
    }
    case Activation::tanh: {
      const double t = std::tanh(x);
      return 1 - t * t;
    }
    case Activation::relu_squared:
      return x < 0 ? 0 : 2 * x;
  }
  fail(ErrorKind::failure, "activation {} does not exist", static_cast<int>(activation));
}

// Calls body(T{}, r, c) for every element of y.
template <typename Body>
void for_each_element(const char* kernel, const View& y, Body&& body) {
  for_floating_type(kernel, y.dtype, [&](auto type) {
    for (std::int64_t r = 0; r < y.rows(); ++r) {
      for (std::int64_t c = 0; c < y.columns(); ++c) {
        body(type, r, c);
      }
    }
  });
}

template <typename T, typename Byte>
auto& at(const BasicView<Byte>& view, std::int64_t row, std::int64_t column) {
  return view.template as<T>()[row * view.row_stride() + column];
}

void scale_add(ExecutionContext&, ConstView x, float alpha, float beta, View y) {
  check_matrix("scale_add", "x", x, y.rows(), y.columns());
  for_each_element("scale_add", y, [&](auto type, std::int64_t r, std::int64_t c) {
    using T = decltype(type);
    T& out = at<T>(y, r, c);
    out = static_cast<T>(alpha) * at<T>(x, r, c) + (beta == 0 ? T{0} : static_cast<T>(beta) * out);
  });
}

void multiply(ExecutionContext&, ConstView x1, ConstView x2, bool accumulate, View y) {
  check_matrix("multiply", "x1", x1, y.rows(), y.columns());
  check_matrix("multiply", "x2", x2, y.rows(), y.columns());
  for_each_element("multiply", y, [&](auto type, std::int64_t r, std::int64_t c) {
    using T = decltype(type);
    T& out = at<T>(y, r, c);
    out = at<T>(x1, r, c) * at<T>(x2, r, c) + (accumulate ? out : T{0});
  });
}

void scale_rows(ExecutionContext&, ConstView x, ConstView factors, bool accumulate, View y) {
  check_matrix("scale_rows", "x", x, y.rows(), y.columns());
  check_vector("scale_rows", "factors", factors, y.rows());
  for_each_element("scale_rows", y, [&](auto type, std::int64_t r, std::int64_t c) {
    using T = decltype(type);
    T& out = at<T>(y, r, c);
    out = factors.as<T>()[r] * at<T>(x, r, c) + (accumulate ? out : T{0});
  });
}

void activation_forward(ExecutionContext&, Activation activation, ConstView x,
                        const DropoutStream& stream, View y) {
  check_matrix("activation_forward", "x", x, y.rows(), y.columns());
  for_each_element("activation_forward", y, [&](auto type, std::int64_t r, std::int64_t c) {
    using T = decltype(type);
    const T value = static_cast<T>(activate(activation, at<T>(x, r, c)));
    at<T>(y, r, c) = dropped(value, stream, r, c);
  });
}

void activation_backward(ExecutionContext&, Activation activation, ConstView x, ConstView dy,
                         const DropoutStream& stream, View dx) {
  check_matrix("activation_backward", "x", x, dx.rows(), dx.columns());
  check_matrix("activation_backward", "dy", dy, dx.rows(), dx.columns());
  for_each_element("activation_backward", dx, [&](auto type, std::int64_t r, std::int64_t c) {
    using T = decltype(type);
    const T slope = static_cast<T>(derivative(activation, at<T>(x, r, c)));
    at<T>(dx, r, c) = dropped(at<T>(dy, r, c), stream, r, c) * slope;
  });
}

void gated_forward(ExecutionContext&, Activation activation, ConstView x,
                   const DropoutStream& stream, View y) {
  const std::int64_t n = y.columns();
  check_matrix("gated_forward", "x", x, y.rows(), 2 * n);
  for_each_element("gated_forward", y, [&](auto type, std::int64_t r, std::int64_t c) {
    using T = decltype(type);
    const T gate = static_cast<T>(activate(activation, at<T>(x, r, c)));
    at<T>(y, r, c) = dropped(gate * at<T>(x, r, n + c), stream, r, c);
  });
}

// With g = activation(gate) and d = mask·scale ⊙ dy:  dgate = d ⊙ up ⊙ activation'(gate),
// dup = d ⊙ g.
void gated_backward(ExecutionContext&, Activation activation, ConstView x, ConstView dy,
                    const DropoutStream& stream, View dx) {
  const std::int64_t n = dy.columns();
  check_matrix("gated_backward", "x", x, dy.rows(), 2 * n);
  check_matrix("gated_backward", "dx", dx, dy.rows(), 2 * n);
  for_floating_type("gated_backward", dx.dtype, [&](auto type) {
    using T = decltype(type);
    for (std::int64_t r = 0; r < dy.rows(); ++r) {
      for (std::int64_t c = 0; c < n; ++c) {
        const T gate = at<T>(x, r, c);
        const T up = at<T>(x, r, n + c);
        const T d = dropped(at<T>(dy, r, c), stream, r, c);
        at<T>(dx, r, c) = d * up * static_cast<T>(derivative(activation, gate));
        at<T>(dx, r, n + c) = d * static_cast<T>(activate(activation, gate));
      }
    }
  });
}

void apply_dropout(ExecutionContext& context, ConstView x, const DropoutStream& stream, View y) {
  activation_forward(context, Activation::identity, x, stream, y);
}

}  // namespace

void register_elementwise() {
  heed::scale_add.fill(DeviceKind::reference, &scale_add);
  heed::multiply.fill(DeviceKind::reference, &multiply);
  heed::scale_rows.fill(DeviceKind::reference, &scale_rows);
  heed::activation_forward.fill(DeviceKind::reference, &activation_forward);
  heed::activation_backward.fill(DeviceKind::reference, &activation_backward);
  heed::gated_forward.fill(DeviceKind::reference, &gated_forward);
  heed::gated_backward.fill(DeviceKind::reference, &gated_backward);
  heed::dropout.fill(DeviceKind::reference, &apply_dropout);
}

}  // namespace heed::reference
