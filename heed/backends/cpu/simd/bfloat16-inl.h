// Rounding floats to bfloat16, and vectors of floats that are stored so.
#include "heed/tensor/dtype.h"

#if defined(HEED_BACKENDS_CPU_SIMD_BFLOAT16_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEED_BACKENDS_CPU_SIMD_BFLOAT16_INL_H_
#undef HEED_BACKENDS_CPU_SIMD_BFLOAT16_INL_H_
#else
#define HEED_BACKENDS_CPU_SIMD_BFLOAT16_INL_H_
#endif

#include "heed/backends/cpu/simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {

// The bits of a float rounded to bfloat16 (nearest, ties to even), in the upper half; the lower
// half is not cleared. NaN becomes a quiet NaN.
template <class D>
HWY_INLINE hn::Vec<D> rounded_bits(D d, hn::Vec<D> bits) {
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(d, 1u));
  const auto rounded = hn::Add(hn::Add(bits, hn::Set(d, 0x7FFFu)), odd);
  const hn::RebindToFloat<D> df;
  const auto nan = hn::RebindMask(d, hn::IsNaN(hn::BitCast(df, bits)));
  return hn::IfThenElse(nan, hn::Or(bits, hn::Set(d, 0x00400000u)), rounded);
}

using HalfWordTag = hn::Rebind<std::uint16_t, FloatTag>;

// `count` numbers, at most a vector; the other lanes are 0.
HWY_INLINE FloatVec load(FloatTag d, const BFloat16* from, std::size_t count) {
  const HalfWordTag d16;
  const hn::RebindToUnsigned<FloatTag> d32;
  auto bits = hn::Zero(d16);
  if (HWY_LIKELY(hn::MaxLanes(d) == 1 || count == hn::Lanes(d))) {
    bits = hn::LoadU(d16, reinterpret_cast<const std::uint16_t*>(from));
  } else {
    HWY_ALIGN std::uint16_t buffer[hn::MaxLanes(d)] = {};
    std::memcpy(buffer, from, count * sizeof(std::uint16_t));
    bits = hn::Load(d16, buffer);
  }
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(d32, bits)));
}

HWY_INLINE void store(FloatTag d, FloatVec v, BFloat16* to, std::size_t count) {
  const HalfWordTag d16;
  const hn::RebindToUnsigned<FloatTag> d32;
  const auto bits = hn::TruncateTo(d16, hn::ShiftRight<16>(rounded_bits(d32, hn::BitCast(d32, v))));
  if (HWY_LIKELY(hn::MaxLanes(d) == 1 || count == hn::Lanes(d))) {
    hn::StoreU(bits, d16, reinterpret_cast<std::uint16_t*>(to));
    return;
  }
  HWY_ALIGN std::uint16_t buffer[hn::MaxLanes(d)];
  hn::Store(bits, d16, buffer);
  std::memcpy(to, buffer, count * sizeof(std::uint16_t));
}

}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard per target
