// What a user of an installed heed writes first: a product of matrices, and its gradient.
#include <cstdio>

#include "heed/autograd/gradient.h"
#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/ops/elementwise.h"
#include "heed/ops/linear.h"
#include "heed/tensor/tensor.h"

int main() {
  heed::register_cpu_backend();
  const auto x = heed::Tensor::from_values<float>({1, 2, 3, 4}, {2, 2});
  const auto weight = heed::Tensor::from_values<float>({1, 0, 1, 1}, {2, 2});
  heed::require_gradient(weight);
  const heed::Tensor sum = heed::ops::sum(heed::ops::linear(x, weight, {}));
  heed::backward(sum);
  heed::check(sum.item() == 14, "the sum is {}, expected 14", sum.item());
  const auto gradient = heed::gradient_of(weight).to_doubles();
  heed::check(gradient == std::vector<double>{4, 6, 4, 6}, "the gradient is wrong");
  std::puts("heed is installed");
}
