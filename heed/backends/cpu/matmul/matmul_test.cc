#include "heed/kernels/matmul.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "heed/backends/cpu/families.h"
#include "heed/backends/cpu/matmul/tile.h"
#include "heed/backends/cpu/matmul/weights.h"
#include "heed/backends/reference/families.h"
#include "heed/tensor/tensor.h"
#include "hwy/targets.h"

namespace heed {
namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

// Errors on the scale of Σ|a||b|. A running float32 sum of terms of one sign errs in proportion to
// itself at each step, which chunks of the summed axis bound.
constexpr double mixed_signs = 1e-6;
constexpr double one_sign = 2e-6;

bool same_bits(const Tensor& x, const Tensor& y) {
  const Tensor dense_x = x.clone(), dense_y = y.clone();
  const auto left = dense_x.values<float>();
  const auto right = dense_y.values<float>();
  return left.size() == right.size() &&
         (left.empty() || std::memcmp(left.data(), right.data(), left.size() * sizeof(float)) == 0);
}

class CpuMatmul : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    cpu::register_matmul();
    reference::register_matmul();
  }

  static ExecutionContext context(int threads) {
    static std::vector<std::unique_ptr<ThreadPool>> pools(64);
    auto& pool = pools[static_cast<std::size_t>(threads)];
    if (!pool) {
      pool = std::make_unique<ThreadPool>(threads);
    }
    return {cpu_device, pool.get()};
  }

  std::int64_t uniform(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }

  // Signs mixed, or all positive so that nothing cancels. Rows may be strided and start anywhere.
  Tensor matrix(std::int64_t rows, std::int64_t columns, bool strided = false,
                bool positive = false) {
    const std::int64_t before = strided ? uniform(0, 5) : 0;
    const std::int64_t after = strided ? uniform(0, 70) : 0;
    const Tensor whole = Tensor::empty({rows, before + columns + after});
    std::uniform_real_distribution<float> values(positive ? 0.0f : -1.0f, 1.0f);
    for (float& value : whole.values<float>()) {
      value = values(random_);
    }
    return whole.columns(before, before + columns);
  }

  // |got - exact| <= tolerance · (Σ|a||b| + |bias| + |c|), with `exact` from the reference in
  // float64 on the operands as the precision rounds them.
  static void expect_close(const Tensor& a, const Tensor& b, const Tensor& c_before,
                           const Tensor& got, const MatmulOptions& options, const Tensor& bias,
                           double tolerance, const std::string& what) {
    const auto wide = [&](const Tensor& x, bool rounded, bool magnitude) {
      const Tensor y = x.to(DType::float64).clone();
      for (double& value : y.values<double>()) {
        if (rounded && options.precision == MatmulPrecision::bfloat16) {
          value = static_cast<float>(BFloat16(static_cast<float>(value)));
        }
        value = magnitude ? std::abs(value) : value;
      }
      return y;
    };
    ExecutionContext context{reference_device, nullptr};
    const auto run = [&](bool magnitude) {
      const Tensor c = wide(c_before, false, magnitude);
      const Tensor wide_bias = bias.defined() ? wide(bias, false, magnitude) : Tensor();
      MatmulOptions wide_options = options;
      wide_options.alpha = magnitude ? std::abs(options.alpha) : options.alpha;
      wide_options.bias = bias.defined() ? ConstView(wide_bias) : ConstView();
      matmul(context, wide(a, true, magnitude), wide(b, true, magnitude), c, wide_options);
      return c.to_doubles();
    };
    const std::vector<double> exact = run(false);
    const std::vector<double> scale = run(true);
    const std::vector<double> values = got.to_doubles();
    double worst = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double error = std::abs(values[i] - exact[i]);
      ASSERT_FALSE(std::isnan(values[i])) << what;
      worst = std::max(worst, scale[i] > 0 ? error / scale[i] : error);
    }
    EXPECT_LE(worst, tolerance) << what;
  }

  // The same for a few hundred elements of a large product.
  void expect_samples_close(const Tensor& a, const Tensor& b, const Tensor& before,
                            const Tensor& got, const MatmulOptions& options,
                            const std::string& what) {
    const auto left = a.values<float>();
    const auto right = b.values<float>();
    const std::int64_t m = got.size(0), n = got.size(1);
    const std::int64_t k = options.transpose_a ? a.size(0) : a.size(1);
    const auto operand = [&](float value) {
      return options.precision == MatmulPrecision::bfloat16 ? static_cast<float>(BFloat16(value))
                                                            : value;
    };
    for (int sample = 0; sample < 300; ++sample) {
      const std::int64_t i = sample == 0 ? m - 1 : uniform(0, m - 1);
      const std::int64_t j = sample == 0 ? n - 1 : uniform(0, n - 1);
      const auto place = static_cast<std::size_t>(i * n + j);
      double exact = options.accumulate ? before.values<float>()[place] : 0;
      double scale = std::abs(exact);
      for (std::int64_t p = 0; p < k; ++p) {
        const std::int64_t in_a = options.transpose_a ? p * m + i : i * k + p;
        const std::int64_t in_b = options.transpose_b ? j * k + p : p * n + j;
        const double term = double{operand(left[static_cast<std::size_t>(in_a)])} *
                            operand(right[static_cast<std::size_t>(in_b)]);
        exact += term;
        scale += std::abs(term);
      }
      ASSERT_NEAR(got.values<float>()[place], exact, mixed_signs * scale) << what;
    }
  }

  void check_random_product(int round);

  std::mt19937_64 random_{20240601};
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
      expect_close(a, b, before, first, options, bias, positive ? one_sign : mixed_signs, what);
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

TEST_F(CpuMatmul, SizesOfTransformers) {
  struct Case {
    std::int64_t m, n, k;
    bool transpose_a;
  };
  for (const Case& one :
       {Case{1037, 512, 512, false}, Case{333, 2048, 512, false}, Case{129, 512, 2048, false},
        Case{5, 8000, 128, false}, Case{512, 512, 1037, true}, Case{128, 384, 1000, true},
        Case{2048, 512, 300, true}, Case{1030, 128, 257, true}}) {
    for (const auto precision : {MatmulPrecision::float32, MatmulPrecision::bfloat16}) {
      MatmulOptions options{.transpose_a = one.transpose_a,
                            .transpose_b = !one.transpose_a,
                            .accumulate = one.transpose_a,
                            .precision = precision};
      const Tensor a = one.transpose_a ? matrix(one.k, one.m) : matrix(one.m, one.k);
      const Tensor b = one.transpose_a ? matrix(one.k, one.n) : matrix(one.n, one.k);
      const Tensor before = matrix(one.m, one.n);
      const std::string what = fmt::format("{} x {} x {}", one.m, one.n, one.k);
      Tensor first;
      for (const int threads : {1, 2, 32}) {
        const Tensor c = before.clone();
        ExecutionContext with_threads = context(threads);
        matmul(with_threads, a, b, c, options);
        if (!first.defined()) {
          first = c;
          expect_samples_close(a, b, before, c, options, what);
        }
        ASSERT_TRUE(same_bits(first, c)) << what << ", " << threads << " threads";
      }
    }
  }
}

// A sentence gives the same numbers in a batch and alone.
TEST_F(CpuMatmul, ARowHasTheSameBitsWhateverTheRowsAroundIt) {
  for (const auto precision : {MatmulPrecision::float32, MatmulPrecision::bfloat16}) {
    if (!cpu::tiles_use_avx512(cpu::packed_type_for(precision))) {
      GTEST_SKIP() << "only promised on AVX-512";
    }
    for (const auto& [n, k] : {std::pair{512, 512}, {1000, 100}, {64, 2048}, {130, 333}}) {
      const Tensor a = matrix(700, k);
      const Tensor b = matrix(n, k);
      const Tensor bias = matrix(1, n).reshape({n});
      b.renew_stamp();
      const MatmulOptions options{.transpose_b = true, .precision = precision, .bias = bias};
      ExecutionContext with_threads = context(2);
      const Tensor whole = Tensor::empty({700, n});
      matmul(with_threads, a, b, whole, options);
      for (const auto& [begin, end] :
           {std::pair{0, 1}, {3, 8}, {17, 100}, {100, 101}, {255, 511}, {690, 700}}) {
        const Tensor part = Tensor::empty({end - begin, n});
        matmul(with_threads, a.rows(begin, end), b, part, options);
        EXPECT_TRUE(same_bits(part, whole.rows(begin, end)))
            << n << " x " << k << ", rows " << begin << " to " << end;
      }
    }
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

TEST_F(CpuMatmul, PackedWeightsFollowTheirStamp) {
  ExecutionContext two = context(2);
  const Tensor a = matrix(20, 48);
  const Tensor b = matrix(96, 48);
  const Tensor c = Tensor::empty({20, 96});
  const MatmulOptions options{.transpose_b = true};
  b.renew_stamp();
  const auto start = cpu::packed_weight_statistics();
  matmul(two, a, b, c, options);
  matmul(two, a.rows(0, 3), b, c.rows(0, 3), options);
  EXPECT_EQ(cpu::packed_weight_statistics().misses, start.misses + 1);
  EXPECT_EQ(cpu::packed_weight_statistics().hits, start.hits + 1);

  const auto kept = cpu::packed_weight_statistics();
  b.fill(0.5);
  b.renew_stamp();
  matmul(two, a, b, c, options);
  expect_close(a, b, c, c, options, {}, mixed_signs, "after new weights");
  EXPECT_EQ(cpu::packed_weight_statistics().misses, kept.misses + 1);
  EXPECT_EQ(cpu::packed_weight_statistics().bytes, kept.bytes);
  EXPECT_EQ(cpu::packed_weight_statistics().entries, kept.entries);

  // Without a stamp nothing is kept.
  const Tensor passing = matrix(96, 48);
  matmul(two, a, passing, c, options);
  passing.fill(2);
  matmul(two, a, passing, c, options);
  expect_close(a, passing, c, c, options, {}, mixed_signs, "without a stamp");
  EXPECT_EQ(cpu::packed_weight_statistics().misses, kept.misses + 1);
}

// How `b` is packed depends on how `a` lies: the copies are told apart.
TEST_F(CpuMatmul, PackedWeightsServeDenseAndStridedOperands) {
  ExecutionContext two = context(2);
  const Tensor wide = matrix(10, 4160);
  const Tensor b = matrix(4096, 70);
  b.renew_stamp();
  const Tensor strided = wide.columns(0, 4096);
  const Tensor dense = strided.clone();
  const Tensor c = Tensor::empty({10, 70});
  for (const auto precision : {MatmulPrecision::float32, MatmulPrecision::bfloat16}) {
    for (const Tensor& a : {dense, strided, dense}) {
      matmul(two, a, b, c, {.precision = precision});
      expect_close(a, b, c, c, {.precision = precision}, {}, mixed_signs, "4096 deep");
    }
  }
}

TEST_F(CpuMatmul, AVX512MachinesRunAVX512Kernels) {
  for (const auto precision : {MatmulPrecision::float32, MatmulPrecision::bfloat16}) {
    const cpu::PackedType type = cpu::packed_type_for(precision);
    if (!cpu::tiles_use_avx512(type)) {
      GTEST_SKIP() << "no AVX-512 here";
    }
    // Vectors and tile registers (AMX) add up in different orders: one of them must do all shapes.
    const std::string wanted = cpu::tile_implementation({128, 512, 256, type});
    const std::vector<std::string> known =
        type == cpu::PackedType::bfloat16
            ? std::vector<std::string>{"brg:avx512_core_bf16", "brg:avx512_core_amx_bf16"}
            : std::vector<std::string>{"brg:avx512_core"};
    EXPECT_NE(std::find(known.begin(), known.end(), wanted), known.end()) << wanted;
    for (const std::int64_t m : {1, 2, 3, 4, 7, 16, 112, 128, 512}) {
      for (const std::int64_t n : {64, 128, 448, 512}) {
        for (const std::int64_t k : {32, 160, 256}) {
          EXPECT_EQ(cpu::tile_implementation({m, n, k, type, m % 2 == 0, n == 64}), wanted)
              << m << " x " << n << " x " << k;
        }
      }
    }
  }
}

TEST_F(CpuMatmul, SeveralCallersAtOnce) {
  const Tensor a = matrix(150, 300);
  const Tensor b = matrix(300, 200);
  b.renew_stamp();
  const Tensor expected = Tensor::empty({150, 200});
  ExecutionContext one = context(1);
  matmul(one, a, b, expected, {});
  std::vector<std::thread> callers;
  std::vector<int> wrong(6, 0);
  for (std::size_t caller = 0; caller < wrong.size(); ++caller) {
    callers.emplace_back([&, caller] {
      ThreadPool pool(2);
      ExecutionContext own{cpu_device, &pool};
      for (int i = 0; i < 20; ++i) {
        const Tensor c = Tensor::empty({150, 200});
        matmul(own, a, b, c, {});
        wrong[caller] += same_bits(c, expected) ? 0 : 1;
      }
    });
  }
  for (auto& caller : callers) {
    caller.join();
  }
  EXPECT_EQ(wrong, std::vector<int>(6, 0));
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
