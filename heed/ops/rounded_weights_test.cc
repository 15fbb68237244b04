// Weights that are kept in bfloat16 for running.
#include <gtest/gtest.h>

#include "heed/backends/cpu/register.h"
#include "heed/base/random.h"
#include "heed/ops/embedding.h"
#include "heed/ops/linear.h"
#include "heed/ops/softmax.h"

namespace heed {
namespace {

class RoundedWeights : public testing::Test {
 protected:
  static void SetUpTestSuite() { register_cpu_backend(); }

  static Tensor random(const Shape& shape, std::uint64_t seed) {
    const Tensor result = Tensor::empty(shape);
    Random source(seed);
    for (float& value : result.values<float>()) {
      value = static_cast<float>(source.normal());
    }
    return result;
  }
};

// In words of two numbers, and not.
TEST_F(RoundedWeights, GiveTheBitsOfTheirNumbersOfAnySize) {
  for (const std::int64_t in : {1, 2, 31, 32, 64, 66, 129, 2080}) {
    for (const std::int64_t out : {1, 16, 63, 64, 130}) {
      const Tensor kept = random({out, in}, 1).to(DType::bfloat16);
      const Tensor wide = kept.to(DType::float32);
      kept.renew_stamp();
      wide.renew_stamp();
      for (const std::int64_t rows : {1, 40}) {
        const Tensor x = random({rows, in}, 2);
        EXPECT_EQ(ops::linear(x, kept, Tensor(), MatmulPrecision::bfloat16).to_doubles(),
                  ops::linear(x, wide, Tensor(), MatmulPrecision::bfloat16).to_doubles())
            << out << " × " << in;
      }
    }
  }
}

TEST_F(RoundedWeights, GiveTheBitsOfTheirNumbersInFloat32) {
  const Tensor kept = random({37, 19}, 1).to(DType::bfloat16);
  const Tensor wide = kept.to(DType::float32);
  kept.renew_stamp();
  wide.renew_stamp();
  const Tensor x = random({11, 19}, 2), bias = random({37}, 3);
  constexpr auto precision = MatmulPrecision::bfloat16;
  EXPECT_EQ(ops::linear(x, kept, bias, precision).to_doubles(),
            ops::linear(x, wide, bias, precision).to_doubles());
  EXPECT_EQ(ops::linear_relu(x, kept, Tensor(), {}, precision).to_doubles(),
            ops::linear_relu(x, wide, Tensor(), {}, precision).to_doubles());
  const Tensor ids = Tensor::from_values<std::int32_t>({36, 0, 5}, {3});
  EXPECT_EQ(ops::embed(ids, kept, 4, Tensor(), Tensor()).to_doubles(),
            ops::embed(ids, wide, 4, Tensor(), Tensor()).to_doubles());
  // An output layer that shares the table.
  EXPECT_EQ(ops::project(x, {kept, bias, 1, 30}, precision).to_doubles(),
            ops::project(x, {wide, bias, 1, 30}, precision).to_doubles());
  const Tensor targets =
      Tensor::from_values<std::int32_t>({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 36}, {11});
  EXPECT_EQ(ops::projection_log_probabilities(x, {kept, bias}, targets, precision),
            ops::projection_log_probabilities(x, {wide, bias}, targets, precision));
}

// What learns before them gets its gradient; they themselves cannot.
TEST_F(RoundedWeights, AreConstants) {
  const Tensor kept = random({37, 19}, 1).to(DType::bfloat16);
  const Tensor wide = kept.to(DType::float32);
  constexpr auto precision = MatmulPrecision::bfloat16;
  const auto gradient = [&](const Tensor& weight) {
    const Tensor x = random({11, 19}, 2);
    require_gradient(x);
    backward(ops::linear(x, weight, Tensor(), precision), random({11, 37}, 4));
    return gradient_of(x).to_doubles();
  };
  EXPECT_EQ(gradient(kept), gradient(wide));
  require_gradient(kept);
  EXPECT_THROW(ops::linear(random({2, 19}, 2), kept, Tensor(), precision), Error);
  const Tensor ids = Tensor::from_values<std::int32_t>({1}, {1});
  EXPECT_THROW(ops::embed(ids, kept, 1, Tensor(), Tensor()), Error);
}

TEST_F(RoundedWeights, NeedProductsOfBFloat16) {
  const Tensor kept = random({37, 19}, 1).to(DType::bfloat16);
  EXPECT_THROW(ops::linear(random({2, 19}, 2), kept, Tensor()), Error);
  EXPECT_THROW(ops::linear(random({2, 19}, 2), kept, Tensor(), MatmulPrecision::int8), Error);
}

TEST_F(RoundedWeights, TakeHalfTheMemory) {
  const auto bytes_of = [](DType dtype) {
    const std::uint64_t before = memory_statistics().live_bytes;
    const Tensor weight = Tensor::zeros({1024, 1024}, dtype);
    return memory_statistics().live_bytes - before;
  };
  EXPECT_EQ(2 * bytes_of(DType::bfloat16), bytes_of(DType::float32));
  // And no copy of the weight is made on the way to a product but the packed one, which is kept
  // outside of what passes.
  const Tensor kept = Tensor::zeros({1024, 1024}, DType::bfloat16);
  kept.renew_stamp();
  const Tensor x = random({1, 1024}, 2);
  ops::linear(x, kept, Tensor(), MatmulPrecision::bfloat16);
  reset_peak_memory();
  const std::uint64_t before = memory_statistics().peak_bytes;
  ops::linear(x, kept, Tensor(), MatmulPrecision::bfloat16);
  EXPECT_LE(memory_statistics().peak_bytes, before + 65536);
}

}  // namespace
}  // namespace heed
