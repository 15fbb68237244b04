#include "heed/kernels/rotary.h"

#include "heed/backends/cpu/families.h"
#include "heed/backends/cpu/simd/targets.h"
#include "heed/backends/cpu/tiles.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "heed/backends/cpu/rows/rotary.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "heed/backends/cpu/simd/math-inl.h"

#ifndef HEED_BACKENDS_CPU_ROTARY_OPERANDS_
#define HEED_BACKENDS_CPU_ROTARY_OPERANDS_
namespace heed::cpu {
namespace {

struct RotationOperands {
  ConstRows x, cosines, sines;
  Rows y;
  const std::int32_t* positions;
  std::size_t heads, size, pairs;
  RotaryLayout layout;
  bool inverse;
};

}  // namespace
}  // namespace heed::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {
namespace {

struct Pairs {
  FloatVec first, second;
};

template <bool kInverse>
HWY_INLINE Pairs turned(FloatVec c, FloatVec s, const Pairs& x) {
  if constexpr (kInverse) {
    return {hn::MulAdd(c, x.first, hn::Mul(s, x.second)),
            hn::NegMulAdd(s, x.first, hn::Mul(c, x.second))};
  }
  return {hn::NegMulAdd(s, x.second, hn::Mul(c, x.first)),
          hn::MulAdd(s, x.first, hn::Mul(c, x.second))};
}

template <bool kInverse>
HWY_INLINE void turn_halves(const RotationOperands& p, const float* x, const float* cosine,
                            const float* sine, float* y) {
  const FloatTag d;
  for_each_vector(d, 0, p.pairs, [&](std::size_t j, std::size_t n) HEED_SIMD_LAMBDA {
    const Pairs at = {load(d, x + j, n), load(d, x + p.pairs + j, n)};
    const Pairs result = turned<kInverse>(load(d, cosine + j, n), load(d, sine + j, n), at);
    store(d, result.first, y + j, n);
    store(d, result.second, y + p.pairs + j, n);
  });
}

template <bool kInverse>
HWY_INLINE void turn_interleaved(const RotationOperands& p, const float* x, const float* cosine,
                                 const float* sine, float* y) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t j = 0;
  for (; j + lanes <= p.pairs; j += lanes) {
    FloatVec first, second;
    hn::LoadInterleaved2(d, x + 2 * j, first, second);
    const Pairs result =
        turned<kInverse>(hn::LoadU(d, cosine + j), hn::LoadU(d, sine + j), {first, second});
    hn::StoreInterleaved2(result.first, result.second, d, y + 2 * j);
  }
  for (; j < p.pairs; ++j) {
    const float s = kInverse ? -sine[j] : sine[j];
    const float first = x[2 * j];
    const float second = x[2 * j + 1];
    y[2 * j] = cosine[j] * first - s * second;
    y[2 * j + 1] = s * first + cosine[j] * second;
  }
}

template <bool kInverse>
void rotate_rows_of(const RotationOperands& p, std::int64_t begin, std::int64_t end) {
  for (std::int64_t r = begin; r < end; ++r) {
    const float* cosine = p.cosines[p.positions[r]];
    const float* sine = p.sines[p.positions[r]];
    for (std::size_t head = 0; head < p.heads; ++head) {
      const float* x = p.x[r] + head * p.size;
      float* y = p.y[r] + head * p.size;
      if (p.layout == RotaryLayout::halves) {
        turn_halves<kInverse>(p, x, cosine, sine, y);
      } else {
        turn_interleaved<kInverse>(p, x, cosine, sine, y);
      }
      if (x != y && 2 * p.pairs < p.size) {
        std::memcpy(y + 2 * p.pairs, x + 2 * p.pairs, (p.size - 2 * p.pairs) * sizeof(float));
      }
    }
  }
}

void rotate_rows(const RotationOperands& p, std::int64_t begin, std::int64_t end) {
  p.inverse ? rotate_rows_of<true>(p, begin, end) : rotate_rows_of<false>(p, begin, end);
}

}  // namespace
}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heed::cpu {

namespace {

HWY_EXPORT(rotate_rows);

void rotate(ExecutionContext& context, const Rotation& p) {
  check_rotation(p);
  const RotationOperands operands{
      .x = rows_of(p.x),
      .cosines = rows_of(p.cosines),
      .sines = rows_of(p.sines),
      .y = rows_of(p.y),
      .positions = p.positions.as<std::int32_t>(),
      .heads = static_cast<std::size_t>(p.heads),
      .size = static_cast<std::size_t>(p.x.columns() / p.heads),
      .pairs = static_cast<std::size_t>(p.cosines.columns()),
      .layout = p.layout,
      .inverse = p.inverse,
  };
  run_rows(context, p.x.rows(), p.x.columns(), [&](std::int64_t begin, std::int64_t end) {
    HWY_DYNAMIC_DISPATCH(rotate_rows)(operands, begin, end);
  });
}

}  // namespace

void register_rotary() {
  heed::rotate.fill(DeviceKind::cpu, &rotate);
}

}  // namespace heed::cpu
#endif
