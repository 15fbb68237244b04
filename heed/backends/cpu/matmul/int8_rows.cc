#include "heed/backends/cpu/matmul/int8_rows.h"

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
constexpr std::int64_t unrolled = 4;  // steps in depth

// One row and one panel. Highway has no product of bytes yet.
__attribute__((target("avx512f,avx512vnni"))) void sum_panel(const std::uint8_t* a,
                                                             const std::int8_t* panel,
                                                             std::int64_t depth,
                                                             std::int32_t* sums) {
  // The loop takes less time than the bytes take to come: they are asked for ahead.
  constexpr std::int64_t ahead = 16 * panel_columns * 4;
  __m512i totals[vectors];
  for (auto& total : totals) {
    total = _mm512_setzero_si512();
  }
  for (std::int64_t d = 0; d < depth; d += 4 * unrolled) {
    for (std::int64_t step = 0; step < unrolled; ++step) {
      std::int32_t four = 0;
      std::memcpy(&four, a + d + 4 * step, sizeof four);
      const __m512i left = _mm512_set1_epi32(four);
      const std::int8_t* right = panel + (d + 4 * step) * panel_columns;
      for (std::int64_t v = 0; v < vectors; ++v) {
        _mm_prefetch(reinterpret_cast<const char*>(right + v * 64 + ahead), _MM_HINT_T0);
        totals[v] = _mm512_dpbusd_epi32(totals[v], left, _mm512_loadu_si512(right + v * 64));
      }
    }
  }
  for (std::int64_t v = 0; v < vectors; ++v) {
    _mm512_storeu_si512(sums + v * lanes, totals[v]);
  }
}

}  // namespace

bool sums_integer_rows() {
  static const bool answer =
      __builtin_cpu_supports("avx512f") > 0 && __builtin_cpu_supports("avx512vnni") > 0;
  return answer;
}

void sum_integer_rows(const std::uint8_t* a, std::int64_t rows, const std::int8_t* b,
                      std::int64_t columns, std::int64_t depth, std::int32_t* sums) {
  for (std::int64_t column = 0; column < columns; column += panel_columns) {
    for (std::int64_t row = 0; row < rows; ++row) {
      sum_panel(a + row * depth, b + column * depth, depth, sums + row * columns + column);
    }
  }
}

#else

bool sums_integer_rows() {
  return false;
}

void sum_integer_rows(const std::uint8_t*, std::int64_t, const std::int8_t*, std::int64_t,
                      std::int64_t, std::int32_t*) {
  fail(ErrorKind::failure, "matmul: this machine has no products of bytes");
}

#endif

}  // namespace heed::cpu
