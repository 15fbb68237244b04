#include "heed/kernels/matmul.h"

#include <fmt/format.h>

#include <unistd.h>

#include <cstdlib>

#include "heed/backends/cpu/matmul/test_matmul.h"

namespace heed {
namespace {

class CpuMatmul : public MatmulTest {
 protected:
  void check_random_product(int round);
};

void CpuMatmul::check_random_product(int round) {
  const auto size = [&](double largest) {
    const double exponent = std::uniform_real_distribution<double>(0, std::log(largest))(random_);
    return uniform(0, 40) == 0 ? uniform(0, 2) : static_cast<std::int64_t>(std::exp(exponent));
  };
  const bool deep = uniform(0, 15) == 0;
  const std::int64_t m = size(deep ? 40 : 260);
  const std::int64_t n = size(deep ? 80 : 600);
  const std::int64_t k = size(deep ? 5000 : 500);
  MatmulOptions options;
  options.transpose_a = uniform(0, 1) == 1;
  options.transpose_b = uniform(0, 1) == 1;
  options.accumulate = uniform(0, 2) == 0;
  options.alpha = uniform(0, 3) == 0 ? -0.37f : 1.0f;
  options.precision = uniform(0, 1) == 1 ? MatmulPrecision::bfloat16 : MatmulPrecision::float32;
  options.relu = !options.accumulate && uniform(0, 3) == 0;
  const bool strided = uniform(0, 1) == 1;
  const bool positive = uniform(0, 1) == 1;
  const Tensor a =
      options.transpose_a ? matrix(k, m, strided, positive) : matrix(m, k, strided, positive);
  const Tensor b =
      options.transpose_b ? matrix(n, k, strided, positive) : matrix(k, n, strided, positive);
  Tensor bias;
  if (uniform(0, 2) == 0) {
    bias = matrix(1, n).reshape({n});
    options.bias = bias;
  }
  if (uniform(0, 1) == 1) {
    b.renew_stamp();
  }
  const Tensor before = matrix(m, n, uniform(0, 1) == 1);
  const std::string what =
      fmt::format("round {}: m {} n {} k {}{}{}{} alpha {}{}{}{}{}", round, m, n, k,
                  options.transpose_a ? " aᵀ" : "", options.transpose_b ? " bᵀ" : "",
                  options.accumulate ? " accumulate" : "", options.alpha,
                  options.precision == MatmulPrecision::bfloat16 ? " bfloat16" : "",
                  options.bias.defined() ? " bias" : "", options.relu ? " relu" : "",
                  strided ? " strided" : "");

  // Neighbours of c must stay untouched.
  const Tensor around = Tensor::empty({m, n + 9});
  around.fill(12345);
  const Tensor c = uniform(0, 1) == 1 ? around.columns(3, n + 3) : Tensor::empty({m, n});
  Tensor first;
  for (const int threads : {1, static_cast<int>(uniform(2, 5)), 32}) {
    if (options.accumulate) {
      c.copy_from(before);
    } else {
      c.fill(not_a_number);  // must not be read
    }
    ExecutionContext with_threads = context(threads);
    matmul(with_threads, a, b, c, options);
    if (!first.defined()) {
      first = c.clone();
      expect_product(a, b, before, first, options, bias, positive ? one_sign : mixed_signs, what);
    } else {
      ASSERT_TRUE(same_bits(first, c)) << what << ": other bits with " << threads << " threads";
    }
  }
  const auto edges = around.values<float>();
  for (std::int64_t r = 0; r < m; ++r) {
    for (const std::int64_t j : {0, 1, 2, static_cast<int>(n) + 3, static_cast<int>(n) + 8}) {
      ASSERT_EQ(edges[static_cast<std::size_t>(r * (n + 9) + j)], 12345) << what;
    }
  }
}

// Any shape, layout and option, at several numbers of threads, far more than cores among them.
// HEED_LONG_TESTS=1 asks for ten times as many.
TEST_F(CpuMatmul, RandomProductsAreExactAndTheSameAtAnyNumberOfThreads) {
  const int rounds = std::getenv("HEED_LONG_TESTS") != nullptr ? 20000 : 2000;
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    check_random_product(round);
  }
}

// The same on machines with fewer instructions: the test program runs itself again.
TEST_F(CpuMatmul, RandomProductsOnOlderMachines) {
  std::string program(4096, '\0');
  const ssize_t length = readlink("/proc/self/exe", program.data(), program.size());
  ASSERT_GT(length, 0);
  program.resize(static_cast<std::size_t>(length));
  for (const char* instructions : {"SSE41", "AVX2", "AVX512_CORE"}) {
    const std::string command = fmt::format(
        "ONEDNN_MAX_CPU_ISA={} DNNL_MAX_CPU_ISA={} '{}' --gtest_brief=1 "
        "--gtest_filter='CpuMatmul.FewRandomProducts:CpuMatmul.*NaN*:Int8.*'",
        instructions, instructions, program);
    EXPECT_EQ(std::system(command.c_str()), 0) << instructions;
  }
}

TEST_F(CpuMatmul, FewRandomProducts) {
  for (int round = 0; round < 150 && !HasFailure(); ++round) {
    check_random_product(round);
  }
}

TEST_F(CpuMatmul, EmptySizes) {
  ExecutionContext two = context(2);
  const Tensor bias = Tensor::from_values<float>({1, -2, 3}, {3});
  for (const std::int64_t m : {0, 2}) {
    for (const std::int64_t k : {0, 4}) {
      for (const std::int64_t n : {0, 3}) {
        const Tensor a = matrix(m, k);
        const Tensor b = matrix(k, n);
        const Tensor c = Tensor::empty({m, n});
        c.fill(7);
        matmul(two, a, b, c, {.accumulate = true});
        if (k == 0) {
          for (const float value : c.values<float>()) {
            EXPECT_EQ(value, 7);
          }
        }
      }
    }
  }
  const Tensor c = Tensor::empty({2, 3});
  c.fill(not_a_number);
  matmul(two, Tensor::empty({2, 0}), Tensor::empty({0, 3}), c, {.bias = bias, .relu = true});
  EXPECT_EQ(c.to_doubles(), (std::vector<double>{1, 0, 3, 1, 0, 3}));
  matmul(two, Tensor::empty({2, 0}), Tensor::empty({0, 3}), c, {});
  EXPECT_EQ(c.to_doubles(), std::vector<double>(6, 0.0));
}

// NaN and infinity reach exactly the results that they are part of, whatever is padded with zeros.
TEST_F(CpuMatmul, NaNPassesThroughAndStaysInItsRowAndColumn) {
  ExecutionContext two = context(2);
  for (const auto precision : {MatmulPrecision::float32, MatmulPrecision::bfloat16}) {
    for (const auto& [m, n, k] : {std::tuple{33, 65, 31}, {5, 64, 64}, {130, 200, 517}}) {
      for (const bool transpose_a : {false, true}) {
        for (const bool transpose_b : {false, true}) {
          for (const float poison : {not_a_number, infinity}) {
            const Tensor a = transpose_a ? matrix(k, m) : matrix(m, k);
            const Tensor b = transpose_b ? matrix(n, k) : matrix(k, n);
            const std::int64_t row = m - 1, column = n / 2, depth = k - 1;
            a.values<float>()[static_cast<std::size_t>(transpose_a ? depth * m + row
                                                                   : row * k + depth)] = poison;
            b.values<float>()[static_cast<std::size_t>(transpose_b ? column * k + depth
                                                                   : depth * n + column)] = poison;
            const Tensor c = Tensor::empty({m, n});
            matmul(two, a, b, c,
                   {.transpose_a = transpose_a,
                    .transpose_b = transpose_b,
                    .precision = precision,
                    .relu = std::isnan(poison)});
            const auto values = c.values<float>();
            for (std::int64_t i = 0; i < m; ++i) {
              for (std::int64_t j = 0; j < n; ++j) {
                const float value = values[static_cast<std::size_t>(i * n + j)];
                const bool touched = i == row || j == column;
                ASSERT_EQ(std::isfinite(value), !touched) << i << ", " << j;
                ASSERT_TRUE(!touched || !std::isnan(poison) || std::isnan(value));
              }
            }
          }
        }
      }
    }
  }
}

TEST_F(CpuMatmul, NaNTimesZeroIsNaN) {
  ExecutionContext one = context(1);
  const Tensor a = Tensor::from_values<float>({0, 0}, {1, 2});
  const Tensor b = Tensor::from_values<float>({not_a_number, 1}, {2, 1});
  const Tensor c = Tensor::zeros({1, 1});
  matmul(one, a, b, c, {});
  EXPECT_TRUE(std::isnan(c.item()));
}

TEST_F(CpuMatmul, ShapesThatDoNotFitAreRefused) {
  ExecutionContext one = context(1);
  const Tensor a = matrix(3, 4);
  const Tensor b = matrix(5, 6);
  EXPECT_THROW(matmul(one, a, b, Tensor::empty({3, 6}), {}), Error);
  const Tensor fitting = matrix(4, 6);
  EXPECT_THROW(matmul(one, a, fitting, Tensor::empty({3, 5}), {}), Error);
  const Tensor bias = matrix(1, 5).reshape({5});
  EXPECT_THROW(matmul(one, a, fitting, Tensor::empty({3, 6}), {.bias = bias}), Error);
  EXPECT_THROW(matmul(one, a, fitting, Tensor::empty({3, 6}), {.accumulate = true, .relu = true}),
               Error);
}

}  // namespace
}  // namespace heed
