// Optimizer steps: one pass over a parameter, in place.
//
// Thread-safety: as kernels/kernel.h says.
#pragma once

#include "heed/kernels/kernel.h"

namespace heed {

// Adam (Kingma & Ba, 2015), with decoupled weight decay (Loshchilov & Hutter, "AdamW", 2019) or the
// decay coupled into the gradient as L2:
//   g = gradient_scale · gradient (+ weight_decay · w if coupled)
//   m = beta1·m + (1-beta1)·g;  v = beta2·v + (1-beta2)·g²
//   w = w - learning_rate · ( (m / (1-beta1^t)) / (sqrt(v / (1-beta2^t)) + epsilon)
//                             + weight_decay · w if decoupled )
// weights, gradient, m, v (and average, if defined): same element count, contiguous. `average`, the
// exponential moving average of weights: average = average_decay·average + (1-average_decay)·w.
struct AdamStep {
  View weights{};
  ConstView gradient{};
  View first_moment{}, second_moment{}, average{};
  // In double, so that 1 - beta is right whatever the weights' type: 1 - 0.999f is off by 1e-5.
  double learning_rate = 0;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
  bool coupled_decay = false;
  double gradient_scale = 1;  // clipping and averaging folded in
  double correction1 = 1;     // 1 - beta1^t
  double correction2 = 1;     // 1 - beta2^t
  double average_decay = 0;

  void visit_views(auto&& visit) const {
    visit(weights, gradient, first_moment, second_moment, average);
  }
};
inline KernelSlot<void(ExecutionContext&, const AdamStep&)> adam_step{"adam_step"};

// The sum of squares of all elements, as a double, in a fixed order whatever the number of threads.
inline KernelSlot<double(ExecutionContext&, ConstView x)> sum_of_squares{"sum_of_squares"};

}  // namespace heed
