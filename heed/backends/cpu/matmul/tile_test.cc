// What the inner kernels of products promise, at the sizes of Transformers.
#include "heed/backends/cpu/matmul/tile.h"

#include <fmt/format.h>

#include <algorithm>

#include "heed/backends/cpu/matmul/test_matmul.h"

namespace heed {
namespace {

class MatmulTiles : public MatmulTest {};

TEST_F(MatmulTiles, AVX512MachinesRunAVX512Kernels) {
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

TEST_F(MatmulTiles, SizesOfTransformers) {
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
          expect_samples(a, b, before, c, options, what);
        }
        ASSERT_TRUE(same_bits(first, c)) << what << ", " << threads << " threads";
      }
    }
  }
}

// A sentence gives the same numbers in a batch and alone.
TEST_F(MatmulTiles, ARowHasTheSameBitsWhateverTheRowsAroundIt) {
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

}  // namespace
}  // namespace heed
