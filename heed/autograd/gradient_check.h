// Numerical check of gradients: what every op and layer is held to.
//
//   GradientCheck check = check_gradients({x, w}, [&] { return sum_of(linear(x, w)); });
//   EXPECT_LT(check.worst, 1e-7) << check.report;
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "heed/tensor/tensor.h"

namespace heed {

struct GradientCheck {
  // The largest |analytic - numeric| / max(1, |analytic|, |numeric|) over all elements.
  double worst = 0;
  std::string report;  // where it was
};

// Compares the gradients of `loss` (a scalar, float64) with respect to `leaves` (float64 leaves on
// the reference device) with central differences of width `step`. `loss` is called many times and
// must be a pure function of the leaves.
GradientCheck check_gradients(const std::vector<Tensor>& leaves,
                              const std::function<Tensor()>& loss, double step = 1e-5);

}  // namespace heed
