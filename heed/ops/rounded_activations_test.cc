// What ops keep for the backward pass when activations are kept in bfloat16.
#include "heed/autograd/kept_activation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "heed/autograd/gradient.h"
#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/base/random.h"
#include "heed/ops/attention.h"
#include "heed/ops/elementwise.h"
#include "heed/ops/heads.h"
#include "heed/ops/linear.h"
#include "heed/ops/normalization.h"
#include "heed/ops/rows.h"

namespace heed {
namespace {

using Tensors = std::vector<Tensor>;

class RoundedActivationsOf : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_cpu_backend();
    register_reference_backend();
  }
};

Tensor random(const Shape& shape, std::uint64_t seed) {
  const Tensor result = Tensor::empty(shape);
  Random source(seed);
  for (float& value : result.values<float>()) {
    value = static_cast<float>(source.normal());
  }
  return result;
}

// The output of an op of these leaves, and their gradients.
template <typename Op>
Tensors run(bool rounding, const Tensors& values, Op&& op) {
  Tensors leaves;
  for (const Tensor& value : values) {
    leaves.push_back(value.clone());
    require_gradient(leaves.back());
  }
  Tensor y;
  {
    const RoundedActivations rounded(rounding);
    y = op(leaves);
  }
  backward(y, random(y.shape(), 99));
  Tensors results{y};
  for (const Tensor& leaf : leaves) {
    results.push_back(gradient_of(leaf));
  }
  return results;
}

// The largest difference of any result, as a share of its root mean square.
template <typename Op>
double difference(const Tensors& leaves, Op&& op) {
  const Tensors exact = run(false, leaves, op);
  const Tensors rounded = run(true, leaves, op);
  double worst = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const std::vector<double> a = exact[i].to_doubles();
    const std::vector<double> b = rounded[i].to_doubles();
    double squares = 0;
    for (const double value : a) {
      squares += value * value / static_cast<double>(a.size());
    }
    for (std::size_t j = 0; j < a.size(); ++j) {
      worst = std::max(worst, std::abs(a[j] - b[j]) / std::sqrt(squares));
    }
  }
  return worst;
}

// One rounding is off by at most 2^-8 of the number; some dozens of them add up.
constexpr double some_roundings = 0.05;

TEST_F(RoundedActivationsOf, ProductsInBFloat16AreTheSameToTheBit) {
  const Tensors leaves{random({40, 70}, 1), random({33, 70}, 2), random({33}, 3)};
  const DropoutStream stream{.rate = 0.3f, .key = 7, .site = 1};
  EXPECT_EQ(difference(leaves,
                       [](const Tensors& t) {
                         return ops::linear(t[0], t[1], t[2], MatmulPrecision::bfloat16);
                       }),
            0);
  EXPECT_EQ(difference(leaves,
                       [&](const Tensors& t) {
                         return ops::linear_relu(t[0], t[1], t[2], stream,
                                                 MatmulPrecision::bfloat16);
                       }),
            0);
}

TEST_F(RoundedActivationsOf, ProductsInFloat32AreNearlyTheSame) {
  const Tensors leaves{random({40, 70}, 1), random({33, 70}, 2), random({33}, 3)};
  const double off =
      difference(leaves, [](const Tensors& t) { return ops::linear(t[0], t[1], t[2]); });
  EXPECT_GT(off, 0);
  EXPECT_LT(off, some_roundings);
}

TEST_F(RoundedActivationsOf, NormsAndActivations) {
  const Tensor x = random({30, 48}, 1), branch = random({30, 48}, 2);
  const Tensor gain = random({48}, 3), bias = random({48}, 4);
  const DropoutStream stream{.rate = 0.3f, .key = 7, .site = 1};
  const auto check = [](const Tensors& leaves, const auto& op) {
    const double off = difference(leaves, op);
    EXPECT_GT(off, 0);
    EXPECT_LT(off, some_roundings);
  };
  check({x, branch, gain, bias}, [&](const Tensors& t) {
    return ops::residual_layer_norm(t[0], t[1], t[2], t[3], 1e-5f, stream);
  });
  check({x, gain, bias}, [](const Tensors& t) { return ops::layer_norm(t[0], t[1], t[2], 1e-5f); });
  check({x, gain}, [](const Tensors& t) { return ops::rms_norm(t[0], t[1], 1e-5f); });
  check({x}, [&](const Tensors& t) { return ops::activate(t[0], Activation::gelu, stream); });
  check({x}, [&](const Tensors& t) { return ops::gate(t[0], Activation::silu, stream); });
  check({x, random({8}, 5)}, [](const Tensors& t) { return ops::scale_columns(t[0], t[1]); });
  check({x, random({12}, 5)},
        [](const Tensors& t) { return ops::rms_norm_heads(t[0], t[1], 1e-5f); });
  check({x, random({48, 12}, 5)}, [](const Tensors& t) {
    return ops::linear_heads(t[0], t[1], 4, MatmulPrecision::float32);
  });
}

TEST_F(RoundedActivationsOf, Attention) {
  const std::vector<std::int32_t> offsets{0, 20, 30};
  const AttentionPlan plan{.query_offsets = offsets,
                           .key_offsets = offsets,
                           .heads = 3,
                           .key_heads = 3,
                           .scale = 0.25f,
                           .causal = true};
  const Tensors leaves{random({30, 48}, 1), random({30, 48}, 2), random({30, 48}, 3)};
  const double off =
      difference(leaves, [&](const Tensors& t) { return ops::attention(t[0], t[1], t[2], plan); });
  EXPECT_GT(off, 0);
  EXPECT_LT(off, some_roundings);
}

TEST_F(RoundedActivationsOf, CopiesAreSharedAndGoWithTheirUsers) {
  const RoundedActivations rounded(true);
  const Tensor x = random({4, 6}, 1);
  EXPECT_TRUE(keeps_rounded(x));
  std::byte* first = nullptr;
  {
    const KeptActivation one(x), two(x);
    EXPECT_EQ(one.stored().dtype(), DType::bfloat16);
    first = one.stored().view().data;
    EXPECT_EQ(two.stored().view().data, first);
    EXPECT_EQ(one.values().dtype(), DType::float32);
    EXPECT_NEAR(one.values().to_doubles()[3], x.to_doubles()[3], std::abs(x.to_doubles()[3]) / 256);
  }
  EXPECT_FALSE(x.shared_copy().defined());
}

TEST_F(RoundedActivationsOf, NothingElseIsRounded) {
  const Tensor x = random({4, 6}, 1);
  EXPECT_FALSE(keeps_rounded(x));
  {
    const RoundedActivations rounded(true);
    EXPECT_FALSE(keeps_rounded(x.to(DType::float64)));
    EXPECT_FALSE(keeps_rounded(x.to(reference_device)));
    const RoundedActivations not_rounded(false);
    EXPECT_FALSE(keeps_rounded(x));
    EXPECT_EQ(KeptActivation(x).stored().view().data, x.view().data);
  }
  EXPECT_FALSE(keeps_rounded(x));
}

TEST_F(RoundedActivationsOf, TakeHalfTheMemory) {
  const auto kept_bytes = [](bool rounding) {
    const RoundedActivations rounded(rounding);
    Tensor x = random({512, 256}, 1);
    const Tensor weight = random({256, 256}, 2);
    require_gradient(weight);
    const std::uint64_t before = memory_statistics().live_bytes;
    for (int layer = 0; layer < 16; ++layer) {
      x = ops::linear_relu(x, weight, Tensor(), {}, MatmulPrecision::bfloat16);
    }
    const std::uint64_t kept = memory_statistics().live_bytes - before;
    backward(x, random(x.shape(), 4));
    return static_cast<double>(kept);
  };
  // The last x is float32 in both.
  EXPECT_LT(kept_bytes(true) / kept_bytes(false), 0.6);
}

}  // namespace
}  // namespace heed
