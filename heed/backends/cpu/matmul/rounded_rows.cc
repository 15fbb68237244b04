#include "heed/backends/cpu/matmul/rounded_rows.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "heed/backends/cpu/matmul/pack.h"
#include "heed/base/error.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace heed::cpu {

#if defined(__x86_64__)

namespace {

constexpr std::int64_t lanes = 16;
constexpr std::int64_t vectors = panel_columns / lanes;
constexpr std::int64_t unrolled = 4;  // pairs in depth

// Highway has no product of pairs on this target yet.
template <int kRows>
__attribute__((target("avx512f,avx512bf16"))) void sum_pairs(const BFloat16* a, std::int64_t depth,
                                                             std::int64_t piece,
                                                             const BFloat16* panel, float* sums) {
  // The loop takes less time than the weights take to come: they are asked for ahead.
  constexpr std::int64_t ahead = 16 * panel_columns * 2;
  for (std::int64_t begin = 0; begin < depth; begin += piece) {
    __m512 totals[kRows][vectors];
    for (auto& of_row : totals) {
      for (auto& total : of_row) {
        total = _mm512_setzero_ps();
      }
    }
    const std::int64_t end = std::min(depth, begin + piece);
    for (std::int64_t d = begin; d < end; d += 2 * unrolled) {
      for (std::int64_t step = 0; step < unrolled; ++step) {
        const BFloat16* right = panel + (d + 2 * step) * panel_columns;
        __m512i weights[vectors];
        for (std::int64_t v = 0; v < vectors; ++v) {
          _mm_prefetch(reinterpret_cast<const char*>(right + v * 2 * lanes + ahead), _MM_HINT_T0);
          weights[v] = _mm512_loadu_si512(right + v * 2 * lanes);
        }
        for (int row = 0; row < kRows; ++row) {
          std::int32_t pair = 0;
          std::memcpy(&pair, a + row * depth + d + 2 * step, sizeof pair);
          const auto left = reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
          for (std::int64_t v = 0; v < vectors; ++v) {
            totals[row][v] =
                _mm512_dpbf16_ps(totals[row][v], left, reinterpret_cast<__m512bh>(weights[v]));
          }
        }
      }
    }
    for (int row = 0; row < kRows; ++row) {
      for (std::int64_t v = 0; v < vectors; ++v) {
        float* to = sums + row * panel_columns + v * lanes;
        _mm512_storeu_ps(
            to, begin == 0 ? totals[row][v] : _mm512_add_ps(_mm512_loadu_ps(to), totals[row][v]));
      }
    }
  }
}

}  // namespace

bool sums_rounded_rows() {
  static const bool answer =
      __builtin_cpu_supports("avx512f") > 0 && __builtin_cpu_supports("avx512bf16") > 0;
  return answer;
}

void sum_rounded_rows(const BFloat16* a, std::int64_t rows, std::int64_t depth, std::int64_t piece,
                      const BFloat16* panel, float* sums) {
  static constexpr std::array runs = {&sum_pairs<1>, &sum_pairs<2>, &sum_pairs<3>,
                                      &sum_pairs<4>, &sum_pairs<5>, &sum_pairs<6>};
  runs[static_cast<std::size_t>(rows - 1)](a, depth, piece, panel, sums);
}

#else

bool sums_rounded_rows() {
  return false;
}

void sum_rounded_rows(const BFloat16*, std::int64_t, std::int64_t, std::int64_t, const BFloat16*,
                      float*) {
  fail(ErrorKind::failure, "matmul: this machine has no products of pairs in bfloat16");
}

#endif

}  // namespace heed::cpu
