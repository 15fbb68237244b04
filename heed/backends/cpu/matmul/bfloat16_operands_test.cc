// Operands stored in bfloat16: the same results, to the bit, as from float32 that holds the same
// numbers.
#include <gtest/gtest.h>

#include <limits>

#include "heed/backends/cpu/families.h"
#include "heed/backends/cpu/test_kernels.h"
#include "heed/kernels/elementwise.h"
#include "heed/kernels/matmul.h"
#include "heed/kernels/normalization.h"

namespace heed::cpu {
namespace {

class RoundedOperands : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_elementwise();
    register_matmul();
    register_normalization();
  }
};

// x in bfloat16, with gaps between the rows as x has them.
Tensor rounded(const Tensor& x) {
  return copy_of(x, DType::bfloat16);
}
// What is in it, as float32.
Tensor widened(const Tensor& x) {
  return x.to(DType::float32);
}

TEST_F(RoundedOperands, EveryNumberIsWidenedAndRoundedBack) {
  for_each_target([](ExecutionContext& context) {
    const Tensor all = Tensor::empty({256, 256}, DType::bfloat16);
    for (std::uint32_t bits = 0; bits < 65536; ++bits) {
      all.values<BFloat16>()[bits].bits = static_cast<std::uint16_t>(bits);
    }
    const Tensor wide = Tensor::empty({256, 256});
    const Tensor back = Tensor::empty({256, 256}, DType::bfloat16);
    convert(context, all, wide);
    convert(context, wide, back);
    for (std::size_t i = 0; i < 65536; ++i) {
      const BFloat16 number = all.values<BFloat16>()[i];
      const auto value = static_cast<float>(number);
      if (std::isnan(value)) {
        ASSERT_TRUE(std::isnan(wide.values<float>()[i]));
        ASSERT_TRUE(std::isnan(static_cast<float>(back.values<BFloat16>()[i])));
      } else {
        ASSERT_EQ(wide.values<float>()[i], value);
        ASSERT_EQ(back.values<BFloat16>()[i].bits, number.bits);
      }
    }
  });
}

TEST_F(RoundedOperands, RoundsToNearestAndTiesToEven) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for_each_target([infinity](ExecutionContext& context) {
    for (const std::int64_t columns : {1, 15, 16, 17, 257}) {
      const Tensor x = random_rows(9, columns, 1, 3, 1e3);
      x.rows(0, 1).fill(1.00390625);  // half way between two numbers: to the even one, 1
      x.rows(1, 2).fill(1.01171875);  // half way: up to 1.015625
      x.rows(2, 3).fill(infinity);
      x.rows(3, 4).fill(std::numeric_limits<double>::quiet_NaN());
      x.rows(4, 5).fill(3.4e38);  // beyond the largest
      const Tensor y = rounded(x);
      convert(context, x, y);
      const auto row = [&](int r) { return y.rows(r, r + 1).to_doubles().back(); };
      EXPECT_EQ(row(0), 1);
      EXPECT_EQ(row(1), 1.015625);
      EXPECT_EQ(row(2), infinity);
      EXPECT_TRUE(std::isnan(row(3)));
      EXPECT_EQ(row(4), infinity);
      expect_close(y, x.to(DType::bfloat16), 0);
    }
  });
}

TEST_F(RoundedOperands, OtherTypesAreNotConverted) {
  ExecutionContext context = context_for(cpu_device);
  const Tensor floats = random_rows(2, 3, 1);
  const Tensor doubles = Tensor::empty({2, 3}, DType::float64);
  EXPECT_THROW(convert(context, floats, doubles), Error);
  EXPECT_THROW(convert(context, doubles, floats), Error);
  EXPECT_THROW(convert(context, floats, Tensor::empty({2, 3})), Error);
  EXPECT_THROW(convert(context, floats, Tensor::empty({2, 4}, DType::bfloat16)), Error);
}

// c of a product whose operands are in bfloat16 where asked.
Tensor product(ExecutionContext& context, const Tensor& a, const Tensor& b, bool rounds_a,
               bool rounds_b, MatmulOptions options) {
  const std::int64_t m = options.transpose_a ? a.size(1) : a.size(0);
  const std::int64_t n = options.transpose_b ? b.size(0) : b.size(1);
  const Tensor c = random_rows(m, n, 3);
  options.precision = MatmulPrecision::bfloat16;
  matmul(context, rounds_a ? rounded(a) : a, rounds_b ? rounded(b) : b, c, options);
  return c;
}

TEST_F(RoundedOperands, ProductsHaveTheSameBits) {
  struct Sizes {
    std::int64_t m, n, k;
  };
  // The long ones are summed in pieces.
  for (const auto& [m, n, k] : {Sizes{1, 1, 1}, Sizes{3, 70, 33}, Sizes{130, 64, 96},
                                Sizes{65, 200, 2500}, Sizes{64, 128, 700}, Sizes{0, 4, 5}}) {
    for (const bool transpose_a : {false, true}) {
      for (const bool transpose_b : {false, true}) {
        for (const std::int64_t gap : {0, 5}) {
          const Tensor a = transpose_a ? random_rows(k, m, 1, gap) : random_rows(m, k, 1, gap);
          const Tensor b = transpose_b ? random_rows(n, k, 2, gap) : random_rows(k, n, 2, gap);
          const MatmulOptions options{
              .transpose_a = transpose_a, .transpose_b = transpose_b, .accumulate = gap > 0};
          expect_same_bits([&](ExecutionContext& context) {
            const Tensor expected = product(context, a, b, false, false, options);
            expect_close(product(context, a, b, true, false, options), expected, 0);
            expect_close(product(context, a, b, false, true, options), expected, 0);
            expect_close(product(context, a, b, true, true, options), expected, 0);
            return std::vector{expected};
          });
        }
      }
    }
  }
}

TEST_F(RoundedOperands, ProductsOnOlderMachines) {
  const Tensor a = random_rows(20, 50, 1);
  const Tensor b = random_rows(50, 30, 2);
  for_each_target([&](ExecutionContext& context) {
    expect_close(product(context, a, b, true, true, {}), product(context, a, b, false, false, {}),
                 0);
  });
}

TEST_F(RoundedOperands, ProductsInFloat32AreRefused) {
  ExecutionContext context = context_for(cpu_device);
  const Tensor a = random_rows(2, 3, 1);
  const Tensor b = random_rows(3, 4, 2);
  const Tensor c = Tensor::empty({2, 4});
  EXPECT_THROW(matmul(context, rounded(a), b, c, {}), Error);
  EXPECT_THROW(matmul(context, a, rounded(b), c, {}), Error);
}

struct Normalized {
  Tensor sum, y, mean, rstd;
};
Normalized normalize(ExecutionContext& context, const Tensor& x, const Tensor& branch,
                     DType sum_type) {
  const Normalized result{Tensor::empty(x.shape(), sum_type), Tensor::empty(x.shape()),
                          Tensor::empty({x.size(0)}), Tensor::empty({x.size(0)})};
  const Tensor gain = random_rows(1, x.size(1), 5);
  residual_norm_forward(context, {.x = x,
                                  .branch = branch,
                                  .gain = gain,
                                  .bias = gain,
                                  .sum = result.sum,
                                  .y = result.y,
                                  .mean = result.mean,
                                  .rstd = result.rstd,
                                  .dropout = {.rate = 0.3f, .key = 5, .site = 2}});
  return result;
}

TEST_F(RoundedOperands, NormsKeepARoundedSum) {
  for_each_target([](ExecutionContext& context) {
    for (const std::int64_t columns : {1, 16, 31, 257}) {
      const Tensor x = random_rows(70, columns, 1, 2);
      const Tensor branch = random_rows(70, columns, 2);
      const Normalized floats = normalize(context, x, branch, DType::float32);
      const Normalized halves = normalize(context, x, branch, DType::bfloat16);
      expect_close(halves.y, floats.y, 0);
      expect_close(halves.mean, floats.mean, 0);
      expect_close(halves.rstd, floats.rstd, 0);
      expect_close(halves.sum, floats.sum.to(DType::bfloat16), 0);
    }
  });
}

std::vector<Tensor> norm_gradients(ExecutionContext& context, const Tensor& sum, double rate) {
  const std::int64_t rows = sum.size(0), columns = sum.size(1);
  const std::vector<Tensor> results{random_rows(rows, columns, 6), random_rows(rows, columns, 7),
                                    random_rows(1, columns, 8), random_rows(1, columns, 9)};
  const Tensor gain = random_rows(1, columns, 3);
  const Tensor mean = random_rows(1, rows, 4);
  residual_norm_backward(context,
                         {.sum = sum,
                          .gain = gain,
                          .mean = mean,
                          .rstd = random_rows(1, rows, 5),
                          .dy = random_rows(rows, columns, 2),
                          .dsum = results[0],
                          .dbranch = results[1],
                          .dgain = results[2],
                          .dbias = results[3],
                          .accumulate_x = true,
                          .dropout = {.rate = static_cast<float>(rate), .key = 5, .site = 2}});
  return results;
}

TEST_F(RoundedOperands, NormsReadARoundedSum) {
  for_each_target([](ExecutionContext& context) {
    for (const std::int64_t columns : {1, 16, 31, 257}) {
      for (const double rate : {0.0, 0.3}) {
        const Tensor sum = rounded(random_rows(70, columns, 1, 2));
        const auto got = norm_gradients(context, sum, rate);
        const auto expected = norm_gradients(context, widened(sum), rate);
        for (std::size_t i = 0; i < got.size(); ++i) {
          expect_close(got[i], expected[i], 0);
        }
      }
    }
  });
}

TEST_F(RoundedOperands, ActivationsReadARoundedInput) {
  for_each_target([](ExecutionContext& context) {
    for (const auto activation : {Activation::relu, Activation::gelu, Activation::silu}) {
      for (const double rate : {0.0, 0.3}) {
        const DropoutStream stream{.rate = static_cast<float>(rate), .key = 5, .site = 2};
        const Tensor x = rounded(random_rows(9, 34, 1, 3));
        const Tensor dy = random_rows(9, 34, 2);
        const Tensor got = Tensor::empty({9, 34}), expected = Tensor::empty({9, 34});
        activation_backward(context, activation, x, dy, stream, got);
        activation_backward(context, activation, widened(x), dy, stream, expected);
        expect_close(got, expected, 0);
        gated_backward(context, activation, x, dy.columns(0, 17), stream, got);
        gated_backward(context, activation, widened(x), dy.columns(0, 17), stream, expected);
        expect_close(got, expected, 0);
      }
    }
  });
}

}  // namespace
}  // namespace heed::cpu
