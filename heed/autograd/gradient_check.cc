#include "heed/autograd/gradient_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "heed/autograd/gradient.h"

namespace heed {

namespace {

// The gradients that backward() gives, leaf by leaf.
std::vector<std::vector<double>> analytic_gradients(const std::vector<Tensor>& leaves,
                                                    const std::function<Tensor()>& loss,
                                                    bool some_without_effect) {
  for (const Tensor& leaf : leaves) {
    check(leaf.dtype() == DType::float64 && leaf.contiguous(),
          "check_gradients: leaves must be contiguous float64 tensors");
    require_gradient(leaf);
  }
  backward(loss());
  std::vector<std::vector<double>> result;
  for (std::size_t which = 0; which < leaves.size(); ++which) {
    const Tensor& leaf = leaves[which];
    const Tensor gradient = gradient_of(leaf);
    check(gradient.defined() || some_without_effect || leaf.element_count() == 0,
          "check_gradients: no gradient reached leaf {} of shape {}", which, leaf.shape());
    result.push_back(gradient.defined()
                         ? gradient.to_doubles()
                         : std::vector<double>(static_cast<std::size_t>(leaf.element_count())));
  }
  return result;
}

// The central differences of one leaf.
std::vector<double> numeric_gradient(const Tensor& leaf, const std::function<Tensor()>& loss,
                                     double step) {
  std::vector<double> result;
  for (double& value : leaf.values<double>()) {
    const double before = value;
    value = before + step;
    const double above = loss().item();
    value = before - step;
    const double below = loss().item();
    value = before;
    result.push_back((above - below) / (2 * step));
  }
  return result;
}

// NaN is larger than all.
double largest(const std::vector<double>& values) {
  double result = 0;
  for (const double value : values) {
    result = std::isnan(value) ? std::numeric_limits<double>::infinity()
                               : std::max(result, std::abs(value));
  }
  return result;
}

}  // namespace

GradientCheck check_gradients(const std::vector<Tensor>& leaves,
                              const std::function<Tensor()>& loss,
                              const GradientCheckOptions& options) {
  const std::vector<std::vector<double>> gradients =
      analytic_gradients(leaves, loss, options.some_without_effect);
  const NoGradientScope no_gradients;
  const double rounding = 1e-9 * std::max(1.0, std::abs(loss().item()));
  GradientCheck result;
  for (std::size_t which = 0; which < leaves.size(); ++which) {
    const std::vector<double>& analytic = gradients[which];
    const std::vector<double> numeric = numeric_gradient(leaves[which], loss, options.step);
    const double scale = std::max(largest(analytic), largest(numeric));
    if (scale <= rounding) {
      check(options.some_without_effect || analytic.empty(),
            "check_gradients: leaf {} of shape {} has no effect: its largest gradient is {}", which,
            leaves[which].shape(), scale);
      continue;
    }
    for (std::size_t i = 0; i < analytic.size(); ++i) {
      const double error = std::abs(analytic[i] - numeric[i]) / scale;
      if (!(error <= result.worst)) {  // NaN counts as worst
        result.worst = error;
        result.report = fmt::format("leaf {} element {}: analytic {}, numeric {}, scale {}", which,
                                    i, analytic[i], numeric[i], scale);
      }
    }
  }
  return result;
}

}  // namespace heed
