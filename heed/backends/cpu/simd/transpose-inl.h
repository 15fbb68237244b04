// Square blocks of 32-bit elements, transposed in registers.
#if defined(HEED_BACKENDS_CPU_SIMD_TRANSPOSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEED_BACKENDS_CPU_SIMD_TRANSPOSE_INL_H_
#undef HEED_BACKENDS_CPU_SIMD_TRANSPOSE_INL_H_
#else
#define HEED_BACKENDS_CPU_SIMD_TRANSPOSE_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using WordTag = hn::CappedTag<std::uint32_t, 16>;
using WordVec = hn::Vec<WordTag>;
inline constexpr std::size_t block_size = hn::MaxLanes(WordTag());

#if HWY_TARGET != HWY_SCALAR
// Transposes the 4 × 4 words of each 128-bit block of four rows.
HWY_INLINE void transpose_in_blocks(WordTag d, WordVec& r0, WordVec& r1, WordVec& r2, WordVec& r3) {
  const hn::Repartition<std::uint64_t, WordTag> d64;
  const auto low01 = hn::BitCast(d64, hn::InterleaveLower(d, r0, r1));
  const auto high01 = hn::BitCast(d64, hn::InterleaveUpper(d, r0, r1));
  const auto low23 = hn::BitCast(d64, hn::InterleaveLower(d, r2, r3));
  const auto high23 = hn::BitCast(d64, hn::InterleaveUpper(d, r2, r3));
  r0 = hn::BitCast(d, hn::InterleaveLower(d64, low01, low23));
  r1 = hn::BitCast(d, hn::InterleaveUpper(d64, low01, low23));
  r2 = hn::BitCast(d, hn::InterleaveLower(d64, high01, high23));
  r3 = hn::BitCast(d, hn::InterleaveUpper(d64, high01, high23));
}
#endif

// rows[i] lane j becomes rows[j] lane i.
HWY_INLINE void transpose_block(WordTag d, WordVec (&rows)[block_size]) {
#if HWY_TARGET != HWY_SCALAR
  for (std::size_t i = 0; i < block_size; i += 4) {
    transpose_in_blocks(d, rows[i], rows[i + 1], rows[i + 2], rows[i + 3]);
  }
  // Now rows[4g + j] holds, in its 128-bit block b, column 4b + j of rows 4g … 4g + 3.
#if HWY_CAP_GE512
  for (std::size_t j = 0; j < 4; ++j) {
    const WordVec a = rows[j], b = rows[4 + j], c = rows[8 + j], e = rows[12 + j];
    const auto low_ac = hn::ConcatLowerLower(d, c, a);   // a0 a1 c0 c1
    const auto low_be = hn::ConcatLowerLower(d, e, b);   // b0 b1 e0 e1
    const auto high_ac = hn::ConcatUpperUpper(d, c, a);  // a2 a3 c2 c3
    const auto high_be = hn::ConcatUpperUpper(d, e, b);
    rows[j] = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(low_be), low_ac);  // a0 b0 c0 e0
    rows[4 + j] = hn::OddEvenBlocks(low_be, hn::SwapAdjacentBlocks(low_ac));
    rows[8 + j] = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(high_be), high_ac);
    rows[12 + j] = hn::OddEvenBlocks(high_be, hn::SwapAdjacentBlocks(high_ac));
  }
#elif HWY_CAP_GE256
  for (std::size_t j = 0; j < 4; ++j) {
    const WordVec a = rows[j], b = rows[4 + j];
    rows[j] = hn::ConcatLowerLower(d, b, a);
    rows[4 + j] = hn::ConcatUpperUpper(d, b, a);
  }
#endif
#else
  (void)d;
  (void)rows;
#endif
}

}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard per target
