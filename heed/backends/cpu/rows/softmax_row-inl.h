// The maximum of a row and the sum of its exponentials.
#include <cstddef>
#include <limits>

#if defined(HEED_BACKENDS_CPU_ROWS_SOFTMAX_ROW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEED_BACKENDS_CPU_ROWS_SOFTMAX_ROW_INL_H_
#undef HEED_BACKENDS_CPU_ROWS_SOFTMAX_ROW_INL_H_
#else
#define HEED_BACKENDS_CPU_ROWS_SOFTMAX_ROW_INL_H_
#endif

#include "heed/backends/cpu/simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {

// The largest element, -inf of none. A NaN in the row may or may not show.
HWY_INLINE float row_max(const float* x, std::size_t columns) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  auto largest = hn::Set(d, -std::numeric_limits<float>::infinity());
  auto m1 = largest;
  auto m2 = largest;
  auto m3 = largest;
  std::size_t c = 0;
  for (; c + 4 * lanes <= columns; c += 4 * lanes) {
    largest = hn::Max(largest, hn::LoadU(d, x + c));
    m1 = hn::Max(m1, hn::LoadU(d, x + c + lanes));
    m2 = hn::Max(m2, hn::LoadU(d, x + c + 2 * lanes));
    m3 = hn::Max(m3, hn::LoadU(d, x + c + 3 * lanes));
  }
  for (; c + lanes <= columns; c += lanes) {
    largest = hn::Max(largest, hn::LoadU(d, x + c));
  }
  largest = hn::Max(hn::Max(largest, m1), hn::Max(m2, m3));
  float result = hn::GetLane(hn::MaxOfLanes(d, largest));
  for (; c < columns; ++c) {
    result = x[c] > result ? x[c] : result;
  }
  return result;
}

// The sum of term(c, count) over the vectors of the columns: float32 within blocks of eight
// vectors, float64 over the blocks, so that long rows lose nothing.
template <class Term>
HWY_INLINE double sum_blocks(std::size_t columns, Term&& term) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  DoubleSum sum;
  std::size_t c = 0;
  for (; c + 8 * lanes <= columns; c += 8 * lanes) {
    auto even = hn::Add(term(c, lanes), term(c + 2 * lanes, lanes));
    auto odd = hn::Add(term(c + lanes, lanes), term(c + 3 * lanes, lanes));
    even = hn::Add(even, hn::Add(term(c + 4 * lanes, lanes), term(c + 6 * lanes, lanes)));
    odd = hn::Add(odd, hn::Add(term(c + 5 * lanes, lanes), term(c + 7 * lanes, lanes)));
    sum.add(hn::Add(even, odd));
  }
  for_each_vector(d, c, columns, [&](std::size_t at, std::size_t count) HEED_SIMD_LAMBDA {
    sum.add(term(at, count));
  });
  return sum.total();
}

// Σ e^(x - largest), and with kStore its terms in `terms`, which may be x.
template <bool kStore>
HWY_INLINE double sum_of_exp(const float* x, std::size_t columns, float largest, float* terms) {
  const FloatTag d;
  const auto top = hn::Set(d, largest);
  return sum_blocks(columns, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
    const auto term = first(d, exp_bounded(d, hn::Sub(load(d, x + c, n), top)), n);
    if constexpr (kStore) {
      store(d, term, terms + c, n);
    }
    return term;
  });
}

}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HEED_BACKENDS_CPU_ROWS_SOFTMAX_ROW_INL_H_
