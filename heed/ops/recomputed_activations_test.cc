// What ops form again in the backward pass instead of keeping it.
#include <gtest/gtest.h>

#include <cstring>

#include "heed/autograd/kept_activation.h"
#include "heed/backends/cpu/matmul/weights.h"
#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/base/random.h"
#include "heed/ops/attention.h"
#include "heed/ops/elementwise.h"
#include "heed/ops/linear.h"
#include "heed/ops/normalization.h"

namespace heed {
namespace {

class RecomputedActivations : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_cpu_backend();
    register_reference_backend();
  }
};

Tensor random_leaf(const Shape& shape, std::uint64_t seed) {
  const Tensor leaf = Tensor::empty(shape);
  Random source(seed);
  for (float& value : leaf.values<float>()) {
    value = static_cast<float>(source.normal());
  }
  require_gradient(leaf);
  return leaf;
}

bool same_bits(const Tensor& x, const Tensor& y) {
  return x.shape() == y.shape() &&
         std::memcmp(x.view().data, y.view().data,
                     static_cast<std::size_t>(x.element_count()) * sizeof(float)) == 0;
}

// That `y` is kept as something which gives its values once more, in memory of its own.
void expect_formed_again(const Tensor& y) {
  const KeptActivation kept(y);
  const Tensor again = kept.values();
  EXPECT_NE(again.view().data, y.view().data);
  EXPECT_TRUE(same_bits(again, y));
}

TEST_F(RecomputedActivations, HaveTheSameBits) {
  const Tensor x = random_leaf({37, 70}, 1), branch = random_leaf({37, 70}, 2);
  const Tensor gain = random_leaf({70}, 3), bias = random_leaf({70}, 4);
  const DropoutStream stream{.rate = 0.3f, .key = 7, .site = 1};
  expect_formed_again(ops::layer_norm(x, gain, bias, 1e-5f));
  expect_formed_again(ops::residual_layer_norm(x, branch, gain, bias, 1e-5f, stream));
  expect_formed_again(ops::rms_norm(x, gain, 1e-5f));
  for (const Activation activation : {Activation::gelu, Activation::gelu_tanh, Activation::silu}) {
    expect_formed_again(ops::activate(x, activation, stream));
    expect_formed_again(ops::gate(x, activation, stream));
  }
}

// Sequences of these lengths, in q, k and v alike.
Tensor attend(const std::vector<std::int32_t>& offsets, const Tensor& q, const Tensor& k,
              const Tensor& v, const ops::AttentionTerms& terms = {}) {
  const AttentionPlan plan{
      .query_offsets = offsets,
      .key_offsets = offsets,
      .heads = 4,
      .key_heads = 4,
      .causal = true,
      .dropout = {.rate = 0.3f, .key = 7, .site = 1},
  };
  return ops::attention(q, k, v, plan, terms);
}

TEST_F(RecomputedActivations, AttentionOverFewKeysHasTheSameBits) {
  const Tensor q = random_leaf({100, 64}, 1), k = random_leaf({100, 64}, 2),
               v = random_leaf({100, 64}, 3);
  const std::vector<std::int32_t> offsets{0, 15, 16, 40, 100};
  expect_formed_again(attend(offsets, q, k, v));
  expect_formed_again(attend(offsets, q, k, v, {.distance_bias = random_leaf({4, 31}, 4)}));
  expect_formed_again(attend(offsets, q, k, v, {.key_vectors = random_leaf({31, 16}, 5)}));
}

// The output of attention, at which a map looks in the backward pass before attention does.
TEST_F(RecomputedActivations, AttentionOverFewKeysIsNotKept) {
  const Tensor q = random_leaf({512, 64}, 1), k = random_leaf({512, 64}, 2),
               v = random_leaf({512, 64}, 3), weight = random_leaf({64, 64}, 4);
  const auto run = [&](std::int32_t length) {
    std::vector<std::int32_t> offsets;
    for (std::int32_t begin = 0; begin <= 512; begin += length) {
      offsets.push_back(begin);
    }
    const auto before = static_cast<std::int64_t>(memory_statistics().live_bytes);
    const Tensor y = ops::linear(attend(offsets, q, k, v), weight, Tensor());
    const auto kept = static_cast<std::int64_t>(memory_statistics().live_bytes) - before;
    backward(y, y.clone());
    return kept;
  };
  constexpr std::int64_t bytes = std::int64_t{512} * 64 * 4, statistics = bytes / 16;
  EXPECT_LT(run(32), bytes + 2 * statistics);
  EXPECT_GE(run(512), 2 * bytes + statistics);
}

TEST_F(RecomputedActivations, AttentionThatIsKeptHasTheSameGradients) {
  const std::vector<Tensor> leaves{random_leaf({100, 64}, 1), random_leaf({100, 64}, 2),
                                   random_leaf({100, 64}, 3), random_leaf({64, 64}, 4)};
  const std::vector<std::int32_t> offsets{0, 15, 16, 40, 100};
  const auto gradients = [&](bool kept) {
    Tensor out = attend(offsets, leaves[0], leaves[1], leaves[2]);
    if (kept) {
      out.gradient_node()->recompute = nullptr;
    }
    const Tensor y = ops::linear(out, leaves[3], Tensor());
    backward(y, y.clone());
    std::vector<Tensor> result;
    for (const Tensor& leaf : leaves) {
      result.push_back(gradient_of(leaf).clone());
      clear_gradient(leaf);
    }
    return result;
  };
  const std::vector<Tensor> expected = gradients(true), found = gradients(false);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    EXPECT_TRUE(same_bits(found[i], expected[i])) << "leaf " << i;
  }
}

TEST_F(RecomputedActivations, OneRestsOnAnother) {
  const Tensor x = random_leaf({37, 70}, 1), gain = random_leaf({70}, 3);
  const Tensor norm = ops::rms_norm(x, gain, 1e-5f);
  expect_formed_again(ops::gate(norm, Activation::silu, {}));
}

// The gradients of leaves when a map keeps its output and when it keeps its operands.
template <typename Op>
void expect_same_gradients(const std::vector<Tensor>& leaves, Op&& op) {
  std::vector<Tensor> expected;
  for (const ops::Keep keep : {ops::Keep::output, ops::Keep::operands}) {
    const Tensor y = op(keep);
    backward(y, y.clone());
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      if (keep == ops::Keep::output) {
        expected.push_back(gradient_of(leaves[i]).clone());
      } else {
        EXPECT_TRUE(same_bits(gradient_of(leaves[i]), expected[i])) << "leaf " << i;
      }
      clear_gradient(leaves[i]);
    }
  }
}

TEST_F(RecomputedActivations, MapsThatKeepTheirOperandsHaveTheSameGradients) {
  const Tensor x = random_leaf({37, 64}, 1), gain = random_leaf({64}, 2);
  const Tensor inner = random_leaf({96, 64}, 3), inner_bias = random_leaf({96}, 4);
  const Tensor outer = random_leaf({64, 96}, 5), gated = random_leaf({64, 48}, 6);
  const std::vector<Tensor> leaves{x, gain, inner, inner_bias};
  const DropoutStream stream{.rate = 0.3f, .key = 7, .site = 1};
  for (const auto precision : {MatmulPrecision::float32, MatmulPrecision::bfloat16}) {
    const RoundedActivations rounded(precision == MatmulPrecision::bfloat16);
    expect_same_gradients(leaves, [&](ops::Keep keep) {
      const Tensor hidden = ops::linear_relu(ops::rms_norm(x, gain, 1e-5f), inner, inner_bias,
                                             stream, precision, keep);
      return ops::linear(hidden, outer, Tensor(), precision);
    });
  }
  for (const Activation activation : {Activation::gelu, Activation::silu}) {
    const auto hidden = [&](ops::Keep keep) {
      return ops::linear(ops::rms_norm(x, gain, 1e-5f), inner, inner_bias, MatmulPrecision::float32,
                         keep);
    };
    expect_same_gradients(leaves, [&](ops::Keep keep) {
      return ops::linear(ops::activate(hidden(keep), activation, stream), outer, Tensor());
    });
    expect_same_gradients(leaves, [&](ops::Keep keep) {
      return ops::linear(ops::gate(hidden(keep), activation, stream), gated, Tensor());
    });
  }
}

TEST_F(RecomputedActivations, MapsThatKeepTheirOperandsKeepNothingElse) {
  const Tensor x = random_leaf({512, 64}, 1), inner = random_leaf({512, 64}, 3);
  const Tensor outer = random_leaf({64, 512}, 5);
  for (const auto precision : {MatmulPrecision::float32, MatmulPrecision::bfloat16}) {
    const RoundedActivations rounded(precision == MatmulPrecision::bfloat16);
    const auto before = static_cast<std::int64_t>(memory_statistics().live_bytes);
    const Tensor y =
        ops::linear(ops::linear_relu(x, inner, Tensor(), {}, precision, ops::Keep::operands), outer,
                    Tensor(), precision);
    const auto kept = static_cast<std::int64_t>(memory_statistics().live_bytes) - before;
    EXPECT_LT(kept, std::int64_t{512} * 512 * 2);
    backward(y, y.clone());
  }
}

TEST_F(RecomputedActivations, AreNotKept) {
  constexpr int layers = 8;
  const std::int64_t bytes = std::int64_t{512} * 256 * 4;
  Tensor x = random_leaf({512, 256}, 1);
  const Tensor weight = random_leaf({256, 256}, 2), gain = random_leaf({256}, 3);
  const auto before = static_cast<std::int64_t>(memory_statistics().live_bytes);
  for (int layer = 0; layer < layers; ++layer) {
    const Tensor y = ops::linear_relu(x, weight, Tensor(), {});
    x = ops::residual_layer_norm(x, y, gain, gain, 1e-5f, {});
  }
  // Of each layer the output of the ReLU and the sum; and the last x.
  const auto kept = static_cast<std::int64_t>(memory_statistics().live_bytes) - before;
  EXPECT_LT(kept, (2 * layers + 2) * bytes);
  EXPECT_GE(kept, 2 * layers * bytes);
}

TEST_F(RecomputedActivations, NorArePackedWeightsThatLearn) {
  const Tensor x = random_leaf({64, 96}, 1), weight = random_leaf({80, 96}, 2);
  weight.renew_stamp();
  const auto multiply = [&] {
    const auto before = cpu::packed_weight_statistics().entries;
    const Tensor y = ops::linear(x, weight, Tensor());
    if (y.gradient_node() != nullptr) {
      backward(y, y.clone());
    }
    return cpu::packed_weight_statistics().entries - before;
  };
  EXPECT_EQ(multiply(), 0u);
  const NoGradientScope no_gradients;
  EXPECT_EQ(multiply(), 1u);
}

TEST_F(RecomputedActivations, AreNotMixedWithRoundedOnes) {
  const RoundedActivations rounded(true);
  const Tensor x = random_leaf({37, 70}, 1), gain = random_leaf({70}, 3);
  const KeptActivation kept(ops::rms_norm(x, gain, 1e-5f));
  EXPECT_EQ(kept.stored().dtype(), DType::bfloat16);
}

}  // namespace
}  // namespace heed
