// Numerical check of gradients: what every op and layer is held to.
//
//   GradientCheck check = check_gradients({x, w}, [&] { return sum_of(linear(x, w)); });
//   EXPECT_LT(check.worst, 1e-7) << check.report;
//
// Thread-safety: one thread for each set of leaves.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "heed/tensor/tensor.h"

namespace heed {

struct GradientCheck {
  // The largest |analytic - numeric| over all elements, on the scale of the largest gradient of its
  // leaf, analytic or numeric.
  double worst = 0;
  std::string report;  // where it was
};

struct GradientCheckOptions {
  double step = 1e-5;
  // Whether the loss may not depend on some leaf (a bias that softmax cancels): then its gradient
  // may be missing, or 0 to within 1e-9 of the loss, and must not be anything else.
  bool some_without_effect = false;
};

// Compares the gradients of `loss` (a scalar, float64) with respect to `leaves` (float64 leaves on
// the reference device) with central differences of width `step`. `loss` is called many times and
// must be a pure function of the leaves. Errors: no gradient reaches a leaf, or nothing changes
// with it, unless the options say so.
GradientCheck check_gradients(const std::vector<Tensor>& leaves,
                              const std::function<Tensor()>& loss,
                              const GradientCheckOptions& options = {});

}  // namespace heed
