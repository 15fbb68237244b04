// Loads of floats as they are packed for matrix products: as they are, or rounded to bfloat16.
#if defined(HEED_BACKENDS_CPU_MATMUL_LOAD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEED_BACKENDS_CPU_MATMUL_LOAD_INL_H_
#undef HEED_BACKENDS_CPU_MATMUL_LOAD_INL_H_
#else
#define HEED_BACKENDS_CPU_MATMUL_LOAD_INL_H_
#endif

#include "heed/backends/cpu/simd/bfloat16-inl.h"
#include "heed/backends/cpu/simd/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {

inline constexpr auto words_per_vector = static_cast<std::int64_t>(block_size);

// Loaders give vectors of 32-bit words that stand for one or, in bfloat16, two elements that are
// neighbours in depth: `along` from elements that lie one after the other in depth, `across` from
// elements whose neighbour in depth is `next` further.
struct LoadFloat {
  static constexpr std::int64_t depth_per_word = 1;
  static HWY_INLINE WordVec along(WordTag d, const float* at) {
    return hn::LoadU(d, reinterpret_cast<const std::uint32_t*>(at));
  }
  static HWY_INLINE WordVec across(WordTag d, const float* at, std::int64_t) {
    return along(d, at);
  }
};

struct LoadRounded {
  static constexpr std::int64_t depth_per_word = 1;
  static HWY_INLINE WordVec along(WordTag d, const float* at) {
    const auto bits = hn::LoadU(d, reinterpret_cast<const std::uint32_t*>(at));
    return hn::And(rounded_bits(d, bits), hn::Set(d, 0xFFFF0000u));
  }
  static HWY_INLINE WordVec across(WordTag d, const float* at, std::int64_t) {
    return along(d, at);
  }
};

struct LoadBFloat16 {
  static constexpr std::int64_t depth_per_word = 2;
  static HWY_INLINE WordVec along(WordTag d, const float* at) {
    const auto* words = reinterpret_cast<const std::uint32_t*>(at);
    const auto low = rounded_bits(d, hn::LoadU(d, words));
    const auto high = rounded_bits(d, hn::LoadU(d, words + words_per_vector));
#if HWY_TARGET == HWY_SCALAR
    return hn::Or(hn::ShiftRight<16>(low), hn::And(high, hn::Set(d, 0xFFFF0000u)));
#else
    const hn::Repartition<std::uint16_t, WordTag> d16;
    return hn::BitCast(d, hn::ConcatOdd(d16, hn::BitCast(d16, high), hn::BitCast(d16, low)));
#endif
  }
  static HWY_INLINE WordVec across(WordTag d, const float* at, std::int64_t next) {
    const auto* words = reinterpret_cast<const std::uint32_t*>(at);
    const auto low = rounded_bits(d, hn::LoadU(d, words));
    const auto high = rounded_bits(d, hn::LoadU(d, words + next));
    return hn::Or(hn::ShiftRight<16>(low), hn::And(high, hn::Set(d, 0xFFFF0000u)));
  }
};

#if HWY_CAP_GE512 && HWY_ARCH_X86
// By the instruction of AVX512_BF16, which this version of Highway does not know (it reads
// subnormal floats as zero, as the products do).
struct LoadNativeBFloat16 {
  static constexpr std::int64_t depth_per_word = 2;
  static HWY_INLINE __m512i convert(const float* low, const float* high) {
    const auto first = hn::LoadU(FloatTag(), low);
    const auto second = hn::LoadU(FloatTag(), high);
    __m512i both;
    asm("vcvtne2ps2bf16 %1, %2, %0" : "=v"(both) : "v"(first.raw), "v"(second.raw));
    return both;
  }
  static HWY_INLINE WordVec along(WordTag, const float* at) {
    return WordVec{convert(at, at + words_per_vector)};
  }
  static HWY_INLINE WordVec across(WordTag, const float* at, std::int64_t next) {
    HWY_ALIGN static constexpr std::uint16_t interleaved[32] = {
        0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
        8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    const hn::Repartition<std::uint16_t, WordTag> d16;
    const auto order = hn::Load(d16, interleaved);
    return WordVec{_mm512_permutexvar_epi16(order.raw, convert(at, at + next))};
  }
};

inline bool machine_converts_bfloat16() {
  static const bool answer = __builtin_cpu_supports("avx512bf16") != 0;
  return answer;
}
#endif

}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard per target
