#include "heed/kernels/optimizer.h"

#include <cmath>

#include "heed/backends/reference/families.h"
#include "heed/backends/reference/matrix.h"

namespace heed::reference {

namespace {

template <typename T>
void adam_step_of(const AdamStep& p) {
  const double decay = p.weight_decay;
  const double beta1 = p.beta1;
  const double beta2 = p.beta2;
  const double average_decay = p.average_decay;
  T* average = optional_data<T>(p.average);
  for (std::int64_t i = 0; i < p.weights.element_count(); ++i) {
    T& w = p.weights.as<T>()[i];
    T& m = p.first_moment.as<T>()[i];
    T& v = p.second_moment.as<T>()[i];
    double g = p.gradient_scale * p.gradient.as<T>()[i];
    if (p.coupled_decay) {
      g += decay * w;
    }
    m = static_cast<T>(beta1 * m + (1 - beta1) * g);
    v = static_cast<T>(beta2 * v + (1 - beta2) * g * g);
    double step = m / p.correction1 / (std::sqrt(v / p.correction2) + p.epsilon);
    if (!p.coupled_decay) {
      step += decay * w;
    }
    w = static_cast<T>(w - p.learning_rate * step);
    if (average != nullptr) {
      average[i] = static_cast<T>(average_decay * average[i] + (1 - average_decay) * w);
    }
  }
}

void adam_step(ExecutionContext&, const AdamStep& p) {
  constexpr const char* name = "adam_step";
  const std::int64_t size = p.weights.element_count();
  check_vector(name, "weights", p.weights, size);
  check_vector(name, "gradient", p.gradient, size);
  check_vector(name, "first_moment", p.first_moment, size);
  check_vector(name, "second_moment", p.second_moment, size);
  if (p.average.defined()) {
    check_vector(name, "average", p.average, size);
  }
  for_floating_type(name, p.weights.dtype, [&](auto type) { adam_step_of<decltype(type)>(p); });
}

double sum_of_squares(ExecutionContext&, ConstView x) {
  double sum = 0;
  for_floating_type("sum_of_squares", x.dtype, [&](auto type) {
    const auto in = matrix<decltype(type)>(x);
    for (std::int64_t r = 0; r < in.rows; ++r) {
      for (std::int64_t c = 0; c < in.columns; ++c) {
        sum += static_cast<double>(in[r][c]) * in[r][c];
      }
    }
  });
  return sum;
}

}  // namespace

void register_optimizer() {
  heed::adam_step.fill(DeviceKind::reference, &adam_step);
  heed::sum_of_squares.fill(DeviceKind::reference, &sum_of_squares);
}

}  // namespace heed::reference
