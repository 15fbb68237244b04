#include "heed/training/optimizer.h"

#include <gtest/gtest.h>

#include "heed/autograd/gradient.h"
#include "heed/backends/reference/register.h"
#include "heed/nn/layers.h"
#include "heed/ops/elementwise.h"

namespace heed {
namespace {

class Maps : public Module {
 public:
  void visit(ParameterVisitor& visitor) override {
    visitor.module("fixed", fixed);
    visitor.module("slow", slow);
    visitor.module("fast", fast);
  }
  Linear fixed{1, 1, reference_device, false};
  Linear slow{1, 1, reference_device, false};
  Linear fast{1, 1, reference_device, false};
};

TEST(Optimizer, ParametersLearnAtTheirOwnRates) {
  register_reference_backend();
  Maps maps;
  for (Linear* map : {&maps.fixed, &maps.slow, &maps.fast}) {
    map->weight.value.fill(1);
  }
  maps.fixed.weight.rate = 0;
  maps.slow.weight.rate = 0.25;
  require_gradients(maps);
  EXPECT_FALSE(wants_gradient(maps.fixed.weight.value));
  Optimizer optimizer(maps, {.clip_norm = 0});
  backward(ops::sum(ops::multiply(maps.fixed.weight.value,
                                  ops::multiply(maps.slow.weight.value, maps.fast.weight.value))));
  optimizer.step(0.1, optimizer.gradient_norm());
  EXPECT_EQ(maps.fixed.weight.value.to_doubles()[0], 1);
  EXPECT_NEAR(maps.slow.weight.value.to_doubles()[0], 0.975, 1e-8);
  EXPECT_NEAR(maps.fast.weight.value.to_doubles()[0], 0.9, 1e-8);
  ASSERT_EQ(optimizer.state().size(), 4u);
  EXPECT_EQ(optimizer.state()[0].name, "slow.weight.first_moment");
}

}  // namespace
}  // namespace heed
