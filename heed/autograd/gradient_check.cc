#include "heed/autograd/gradient_check.h"

#include <algorithm>
#include <cmath>

#include "heed/autograd/gradient.h"

namespace heed {

GradientCheck check_gradients(const std::vector<Tensor>& leaves,
                              const std::function<Tensor()>& loss, double step) {
  for (const Tensor& leaf : leaves) {
    check(leaf.dtype() == DType::float64 && leaf.contiguous(),
          "check_gradients: leaves must be contiguous float64 tensors");
    require_gradient(leaf);
  }
  backward(loss());
  std::vector<std::vector<double>> analytic;
  for (const Tensor& leaf : leaves) {
    const Tensor gradient = gradient_of(leaf);
    analytic.push_back(gradient.defined()
                           ? gradient.to_doubles()
                           : std::vector<double>(static_cast<std::size_t>(leaf.element_count())));
  }
  const NoGradientScope no_gradients;
  GradientCheck result;
  for (std::size_t which = 0; which < leaves.size(); ++which) {
    const auto values = leaves[which].values<double>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double before = values[i];
      values[i] = before + step;
      const double above = loss().item();
      values[i] = before - step;
      const double below = loss().item();
      values[i] = before;
      const double numeric = (above - below) / (2 * step);
      const double exact = analytic[which][i];
      const double error =
          std::abs(exact - numeric) / std::max({1.0, std::abs(exact), std::abs(numeric)});
      if (!(error <= result.worst)) {  // NaN counts as worst
        result.worst = error;
        result.report =
            fmt::format("leaf {} element {}: analytic {}, numeric {}", which, i, exact, numeric);
      }
    }
  }
  return result;
}

}  // namespace heed
