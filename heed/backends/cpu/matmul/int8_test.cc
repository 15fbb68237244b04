#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "heed/backends/cpu/families.h"
#include "heed/backends/cpu/matmul/quantize.h"
#include "heed/backends/cpu/test_kernels.h"
#include "heed/backends/reference/families.h"
#include "heed/kernels/matmul.h"

namespace heed::cpu {
namespace {

class Int8 : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    register_matmul();
    reference::register_matmul();
  }

  // A weight as it is stored, that keeps its values.
  static Tensor weight(std::int64_t n, std::int64_t k, std::uint64_t seed, std::int64_t gap = 0) {
    const Tensor b = random_rows(n, k, seed, gap, 0.1);
    b.renew_stamp();
    return b;
  }
  static Tensor product(ExecutionContext& context, const Tensor& a, const Tensor& b,
                        MatmulOptions options = {}) {
    options.transpose_b = true;
    options.precision = MatmulPrecision::int8;
    options.bias.device = context.device;
    const Tensor c = Tensor::empty({a.size(0), b.size(0)}, DType::float32, context.device);
    c.fill(1);
    matmul(context, seen_by(context, a), seen_by(context, b), c, options);
    return c;
  }
};

TEST_F(Int8, EqualsTheReferenceAtEverySize) {
  const std::int64_t sizes[][3] = {{1, 1, 1},       {1, 64, 32},   {1, 512, 512},
                                   {3, 7, 5},       {5, 130, 65},  {16, 200, 127},
                                   {64, 512, 2048}, {130, 33, 31}, {320, 8000, 128}};
  std::uint64_t seed = 0;
  for (const auto& [m, n, k] : sizes) {
    SCOPED_TRACE(testing::Message() << m << " x " << n << " x " << k);
    ++seed;
    const Tensor a = random_rows(m, k, seed, seed % 2 == 0 ? 0 : 3);
    const Tensor b = weight(n, k, seed + 100, seed % 3 == 0 ? 0 : 5);
    const Tensor bias = random_rows(1, n, seed + 200).reshape({n});
    for (MatmulOptions options : {MatmulOptions{}, MatmulOptions{.bias = bias, .relu = true},
                                  MatmulOptions{.accumulate = true, .alpha = -0.3f}}) {
      ExecutionContext reference = reference_context();
      const Tensor expected = product(reference, a, b, options);
      expect_same_bits([&](ExecutionContext& context) {
        const Tensor c = product(context, a, b, options);
        expect_close(c, expected, 1e-6);
        return std::vector<Tensor>{c};
      });
    }
  }
}

// The same integers as a product rounds to, and so the same results, wherever they are rounded.
TEST_F(Int8, TakesAWeightThatIsStoredInIntegers) {
  for (const auto& [n, k] : {std::pair<std::int64_t, std::int64_t>{1, 1},
                             {64, 32},
                             {65, 31},
                             {130, 257},
                             {8, 0},
                             {0, 8},
                             {3, 4097}}) {
    SCOPED_TRACE(testing::Message() << n << " x " << k);
    Tensor b = weight(n, k, 7, k == 31 ? 5 : 0);
    if (n > 64 && k > 0) {
      b.rows(3, 4).fill(0);
      b.rows(4, 5).fill(std::numeric_limits<float>::quiet_NaN());
    }
    const Tensor expected = Tensor::zeros({n, k + row_scale_bytes}, DType::int8);
    ExecutionContext reference = reference_context();
    quantize_rows(reference, seen_by(reference, b), seen_by<View>(reference, expected));
    const Tensor a = random_rows(5, k, 9);
    expect_same_bits([&](ExecutionContext& context) {
      const Tensor integers = Tensor::zeros(expected.shape(), DType::int8);
      quantize_rows(context, seen_by(context, b), integers);
      if (n <= 64) {  // else there is a NaN, which has many forms
        EXPECT_EQ(integers.to_doubles(), expected.to_doubles());
      }
      integers.renew_stamp();
      const Tensor c = product(context, a, integers);
      const std::vector<double> got = c.to_doubles(), same = product(context, a, b).to_doubles();
      for (std::size_t i = 0; i < got.size(); ++i) {
        EXPECT_TRUE(got[i] == same[i] || (std::isnan(got[i]) && std::isnan(same[i])));
      }
      return std::vector<Tensor>{n > 64 ? c.rows(0, 0) : c};
    });
    expected.renew_stamp();
    EXPECT_EQ(product(reference, a, expected).rows(0, n > 64 ? 0 : 5).to_doubles(),
              product(reference, a, b).rows(0, n > 64 ? 0 : 5).to_doubles());
  }
}

TEST_F(Int8, AWeightInIntegersIsForSuchProductsAlone) {
  ThreadPool pool(2);
  ExecutionContext context{cpu_device, &pool};
  const Tensor b = Tensor::zeros({3, 8 + row_scale_bytes}, DType::int8);
  b.renew_stamp();
  const Tensor a = random_rows(2, 8, 1), c = Tensor::empty({2, 3});
  EXPECT_THROW(matmul(context, a, b, c, {.transpose_b = true}), Error);
  EXPECT_THROW(
      matmul(context, a, b, c, {.transpose_b = true, .precision = MatmulPrecision::bfloat16}),
      Error);
  EXPECT_THROW(matmul(context, random_rows(2, 3, 1), b, Tensor::empty({2, 12}),
                      {.precision = MatmulPrecision::int8}),
               Error);
  EXPECT_THROW(quantize_rows(context, a, c), Error);
  EXPECT_THROW(quantize_rows(context, a, Tensor::empty({2, 8}, DType::int8)), Error);
}

TEST_F(Int8, ErrsByAHalfStepOfEachOperandAtMost) {
  const std::int64_t m = 9, n = 70, k = 300;
  const Tensor a = random_rows(m, k, 1), b = weight(n, k, 2);
  ThreadPool pool(2);
  ExecutionContext context{cpu_device, &pool};
  const std::vector<double> got = product(context, a, b).to_doubles();
  const auto left = a.values<float>(), right = b.values<float>();
  double worst = 0;
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      const float* x = left.data() + i * k;
      const float* y = right.data() + j * k;
      const double x_step = greatest_magnitude(x, k) / 127.0;
      const double y_step = greatest_magnitude(y, k) / 127.0;
      double exact = 0, bound = 0;
      for (std::int64_t p = 0; p < k; ++p) {
        exact += double{x[p]} * y[p];
        bound += std::abs(x[p]) * y_step / 2 + std::abs(y[p]) * x_step / 2 + x_step * y_step / 4;
      }
      const double error = std::abs(got[static_cast<std::size_t>(i * n + j)] - exact);
      EXPECT_LE(error, bound * (1 + 1e-5));
      worst = std::max(worst, error);
    }
  }
  EXPECT_GT(worst, 0);
}

TEST_F(Int8, QuantizesOnEveryInstructionSetAlike) {
  const Tensor rows = random_rows(5, 77, 3);
  rows.values<float>()[3] = 127.0f * 2;  // the greatest: the step is 2, halves occur
  rows.values<float>()[4] = 5;
  rows.values<float>()[5] = -7;
  std::vector<std::int8_t> first;
  for_each_target([&](ExecutionContext&) {
    const float* row = rows.values<float>().data();
    EXPECT_EQ(greatest_magnitude(row, 77), 254);
    std::vector<std::int8_t> bytes(96, 99);
    std::vector<std::uint8_t> unsigned_bytes(96, 99);
    std::vector<float> floats(96, 99);
    const float factor = quantizing_factor(254);
    const std::int32_t sum =
        quantize_row(row, 77, 96, factor, IntegerType::signed_byte, bytes.data());
    quantize_row(row, 77, 96, factor, IntegerType::unsigned_byte, unsigned_bytes.data());
    quantize_row(row, 77, 96, factor, IntegerType::float32, floats.data());
    EXPECT_EQ(bytes[3], 127);
    EXPECT_EQ(bytes[4], 2);   // 2.5, to even
    EXPECT_EQ(bytes[5], -4);  // -3.5
    std::int32_t expected_sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      EXPECT_EQ(bytes[i], i < 77 ? std::nearbyint(row[i] * factor) : 0);
      EXPECT_EQ(unsigned_bytes[i], bytes[i] + 128);
      EXPECT_EQ(floats[i], bytes[i]);
      expected_sum += bytes[i];
    }
    EXPECT_EQ(sum, expected_sum);
    if (first.empty()) {
      first = bytes;
    }
    EXPECT_EQ(bytes, first);
  });
}

TEST_F(Int8, ShowsNotANumberAndInfinityInTheirRowsAndColumns) {
  ThreadPool pool(2);
  ExecutionContext context{cpu_device, &pool};
  const Tensor a = random_rows(20, 40, 1), b = weight(30, 40, 2);
  a.values<float>()[3 * 40 + 7] = infinity;
  b.values<float>()[11 * 40 + 39] = std::nanf("");
  const auto c = product(context, a, b).to_doubles();
  for (std::size_t i = 0; i < 20; ++i) {
    for (std::size_t j = 0; j < 30; ++j) {
      EXPECT_EQ(std::isnan(c[i * 30 + j]), i == 3 || j == 11);
    }
  }
}

TEST_F(Int8, RowsOfNextToNothingBecomeZeros) {
  ThreadPool pool(2);
  ExecutionContext context{cpu_device, &pool};
  const Tensor a = random_rows(2, 33, 1, 0, 1e-38), b = weight(4, 33, 2);
  for (const double value : product(context, a, b).to_doubles()) {
    EXPECT_EQ(value, 0);
  }
}

TEST_F(Int8, PacksAgainWhenTheWeightChanges) {
  ThreadPool pool(2);
  ExecutionContext context{cpu_device, &pool}, reference = reference_context();
  const Tensor a = random_rows(3, 64, 1), b = weight(64, 64, 2);
  const Tensor before = product(context, a, b);
  b.copy_from(random_rows(64, 64, 3));
  b.renew_stamp();
  const Tensor after = product(context, a, b);
  expect_close(after, product(reference, a, b), 1e-6);
  EXPECT_NE(after.to_doubles(), before.to_doubles());
}

// Products of what changes from call to call stay as they were.
TEST_F(Int8, LeavesOtherProductsInFloat32) {
  ThreadPool pool(2);
  ExecutionContext context{cpu_device, &pool};
  const Tensor a = random_rows(12, 40, 1), b = random_rows(30, 40, 2);
  const Tensor expected = Tensor::empty({12, 30}), c = Tensor::empty({12, 30});
  matmul(context, a, b, expected, {.transpose_b = true});
  expect_close(product(context, a, b), expected, 0);
  b.renew_stamp();
  const Tensor x = random_rows(12, 30, 3);  // as in the gradient of a linear layer
  const Tensor plain = Tensor::empty({12, 40}), gradient = Tensor::empty({12, 40});
  matmul(context, x, b, plain, {});
  matmul(context, x, b, gradient, {.precision = MatmulPrecision::int8});
  expect_close(gradient, plain, 0);
}

}  // namespace
}  // namespace heed::cpu
