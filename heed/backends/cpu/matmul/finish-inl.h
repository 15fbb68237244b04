// The end of a matrix product: bias, what c held, relu.
#if defined(HEED_BACKENDS_CPU_MATMUL_FINISH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEED_BACKENDS_CPU_MATMUL_FINISH_INL_H_
#undef HEED_BACKENDS_CPU_MATMUL_FINISH_INL_H_
#else
#define HEED_BACKENDS_CPU_MATMUL_FINISH_INL_H_
#endif

#include "heed/backends/cpu/simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {

// max?(0, value (+ bias) (+ c)) for the columns j … j + count of a StoreTile or DequantizeTile; `c`
// is their row of it.
template <class Tile>
HWY_INLINE FloatVec finish_product(FloatTag d, FloatVec value, const Tile& tile, const float* c,
                                   std::size_t j, std::size_t count) {
  if (tile.bias != nullptr) {
    value = hn::Add(value, load(d, tile.bias + j, count));
  }
  if (tile.accumulate) {
    value = hn::Add(value, load(d, c + j, count));
  }
  if (tile.relu) {
    // A NaN is not below zero and passes.
    value = hn::IfThenZeroElse(hn::Lt(value, hn::Zero(d)), value);
  }
  return value;
}

}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // include guard per target
