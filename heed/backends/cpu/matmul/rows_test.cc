#include "heed/backends/cpu/matmul/rows.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "heed/backends/cpu/matmul/int8_rows.h"
#include "heed/backends/cpu/matmul/rounded_rows.h"
#include "heed/backends/cpu/register.h"
#include "heed/tensor/tensor.h"

namespace heed {
namespace {

class FewRows : public testing::Test {
 protected:
  void SetUp() override {
    register_cpu_backend();
    if (!cpu::tiles_use_avx512(cpu::PackedType::float32)) {
      GTEST_SKIP() << "only where a row has the same bits whatever the rows around it";
    }
  }

  Tensor matrix(std::int64_t rows, std::int64_t columns) {
    const Tensor made = Tensor::empty({rows, columns});
    for (float& value : made.values<float>()) {
      value = std::normal_distribution<float>()(random_);
    }
    return made;
  }
  // The same numbers as a weight that nothing is known of.
  static Tensor fresh(const Tensor& weight) {
    const Tensor copy = weight.clone();
    copy.renew_stamp();
    return copy;
  }
  static bool same_bits(const Tensor& x, const Tensor& y) {
    return std::memcmp(x.view().data, y.view().data,
                       static_cast<std::size_t>(x.element_count()) * sizeof(float)) == 0;
  }

  std::mt19937 random_{7};
  ThreadPool pool_{2};
  ExecutionContext context_{cpu_device, &pool_};
};

TEST_F(FewRows, HaveTheBitsThatTilesGiveThem) {
  constexpr std::int64_t many = 40;
  for (const std::int64_t k : {32, 96, 512, 544, 1024, 1056, 2048, 3072}) {
    for (const std::int64_t n : {1, 16, 70, 520}) {
      const Tensor a = matrix(many, k), weight = fresh(matrix(n, k));
      const Tensor bias = matrix(1, n).reshape({n}), before = matrix(many, n);
      for (const bool accumulate : {false, true}) {
        const MatmulOptions options{
            .transpose_b = true, .accumulate = accumulate, .bias = bias, .relu = !accumulate};
        const Tensor whole = before.clone();
        matmul(context_, a, weight, whole, options);
        for (const std::int64_t rows : {1, 2, 3, 4, 5, 6, 7, 16}) {
          // Read as it is stored the first times, packed the last.
          const Tensor stored = fresh(weight);
          for (int times = 0; times < 45; ++times) {
            const Tensor part = before.rows(0, rows).clone();
            matmul(context_, a.rows(0, rows), stored, part, options);
            EXPECT_TRUE(same_bits(part, whole.rows(0, rows).clone()))
                << rows << " x " << n << " x " << k << (accumulate ? ", accumulated" : ", relu")
                << ", product " << times + 1 << " with the weight";
          }
        }
      }
    }
  }
}

TEST_F(FewRows, HaveTheBitsOfTilesInBfloat16) {
  constexpr std::int64_t many = 40;
  for (const std::int64_t k : {32, 96, 512, 544, 1024, 1056, 1536, 2048, 3072}) {
    for (const std::int64_t n : {1, 16, 70, 520}) {
      const Tensor a = matrix(many, k), weight = fresh(matrix(n, k));
      const Tensor bias = matrix(1, n).reshape({n}), before = matrix(many, n);
      for (const bool accumulate : {false, true}) {
        MatmulOptions options{
            .transpose_b = true, .accumulate = accumulate, .bias = bias, .relu = !accumulate};
        options.precision = MatmulPrecision::bfloat16;
        const Tensor whole = before.clone();
        matmul(context_, a, weight, whole, options);
        for (const std::int64_t rows : {1, 2, 3, 4, 5, 6, 7, 16}) {
          const Tensor part = before.rows(0, rows).clone();
          matmul(context_, a.rows(0, rows), weight, part, options);
          EXPECT_TRUE(same_bits(part, whole.rows(0, rows).clone()))
              << rows << " x " << n << " x " << k << (accumulate ? ", accumulated" : ", relu");
        }
      }
    }
  }
}

// Where the processor has them: no way round them may be taken unseen.
TEST_F(FewRows, ProductsOfPairsAreTaken) {
  if (!cpu::sums_rounded_rows()) {
    GTEST_SKIP() << "needs a processor that multiplies pairs of bfloat16";
  }
  const Tensor a = matrix(2, 576), weight = fresh(matrix(64, 576)), c = matrix(2, 64);
  for (const std::int64_t k : {64, 512, 576, 1024, 1536, 2048, 3072}) {
    const cpu::Product product{.sizes = {.m = 2, .n = 64, .k = k},
                               .a = reinterpret_cast<const float*>(a.view().data),
                               .a_stride = k,
                               .b = {.data = reinterpret_cast<const float*>(weight.view().data),
                                     .stride = k,
                                     .transposed = true,
                                     .n = 64,
                                     .stamp = weight.storage()->stamp()},
                               .type = cpu::PackedType::bfloat16,
                               .plan = {k, k}};
    EXPECT_TRUE(cpu::takes_few_rows(product)) << k;
  }
}

TEST_F(FewRows, ReadAWeightBetweenOtherColumns) {
  const Tensor wide = matrix(100, 192), a = matrix(4, 192);
  const Tensor weight = wide.columns(64, 128);
  const Tensor part = Tensor::empty({4, 100}), dense = Tensor::empty({4, 100});
  matmul(context_, a.columns(32, 96), weight, part, {.transpose_b = true});
  matmul(context_, a.columns(32, 96).clone(), weight.clone(), dense, {.transpose_b = true});
  EXPECT_TRUE(same_bits(part, dense));
}

TEST_F(FewRows, APackedWeightIsMadeWhenItPays) {
  const Tensor a = matrix(4, 64), weight = fresh(matrix(64, 64));
  const auto multiply = [&](std::int64_t rows, int times) {
    const Tensor c = Tensor::empty({rows, 64});
    const auto before = cpu::packed_weight_statistics().entries;
    for (int i = 0; i < times; ++i) {
      matmul(context_, a.rows(0, rows), weight, c, {.transpose_b = true});
    }
    return cpu::packed_weight_statistics().entries - before;
  };
  EXPECT_EQ(multiply(4, 3), 0u);
  EXPECT_EQ(multiply(1, 30), 0u);
  EXPECT_EQ(multiply(1, 50), 1u);
  EXPECT_EQ(multiply(4, 50), 0u);
}

TEST(IntegerRows, HaveTheSumsOfTiles) {
  if (!cpu::sums_integer_rows() || !cpu::tiles_take_bytes()) {
    GTEST_SKIP() << "no products of bytes here";
  }
  std::mt19937 random(3);
  for (const std::int64_t depth : {64, 192, 2048}) {
    constexpr std::int64_t rows = 2, columns = 128;
    std::vector<std::uint8_t> a(static_cast<std::size_t>(rows * depth));
    std::vector<std::int8_t> b(static_cast<std::size_t>(columns * depth));
    for (std::uint8_t& value : a) {
      value = static_cast<std::uint8_t>(random());
    }
    for (std::int8_t& value : b) {
      value = static_cast<std::int8_t>(random());
    }
    std::vector<std::int32_t> sums(rows * columns), expected(rows * columns);
    cpu::sum_integer_rows(a.data(), rows, b.data(), columns, depth, sums.data());
    cpu::run_integer_tile({rows, columns, depth, cpu::PackedType::int8}, a.data(), b.data(),
                          expected.data());
    EXPECT_EQ(sums, expected) << depth;
  }
}

}  // namespace
}  // namespace heed
