// Vectors of floats: loads of partial vectors, sums, and the functions of the activations and of
// softmax, to about 1e-7 relative. NaN stays NaN in all of them.
//
// Coefficients: tools/fit_polynomials.py.
#include <cstddef>
#include <cstring>

#if defined(HEED_BACKENDS_CPU_SIMD_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEED_BACKENDS_CPU_SIMD_MATH_INL_H_
#undef HEED_BACKENDS_CPU_SIMD_MATH_INL_H_
#else
#define HEED_BACKENDS_CPU_SIMD_MATH_INL_H_
#endif

#include "hwy/highway.h"

// Lambdas do not inherit the instruction set of the namespace around them.
#ifndef HEED_SIMD_LAMBDA
#define HEED_SIMD_LAMBDA HWY_ATTR __attribute__((always_inline))
#endif

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using FloatTag = hn::CappedTag<float, 16>;
using FloatVec = hn::Vec<FloatTag>;

// `count` floats, at most a vector; the other lanes are 0.
HWY_INLINE FloatVec load(FloatTag d, const float* from, std::size_t count) {
  if (HWY_LIKELY(hn::MaxLanes(d) == 1 || count == hn::Lanes(d))) {
    return hn::LoadU(d, from);
  }
  HWY_ALIGN float buffer[hn::MaxLanes(d)] = {};
  std::memcpy(buffer, from, count * sizeof(float));
  return hn::Load(d, buffer);
}

HWY_INLINE void store(FloatTag d, FloatVec v, float* to, std::size_t count) {
  if (HWY_LIKELY(hn::MaxLanes(d) == 1 || count == hn::Lanes(d))) {
    hn::StoreU(v, d, to);
    return;
  }
  HWY_ALIGN float buffer[hn::MaxLanes(d)];
  hn::Store(v, d, buffer);
  std::memcpy(to, buffer, count * sizeof(float));
}

// Calls body(c, count) for the vectors of columns begin … end-1; only the last may be partial.
template <class Body>
HWY_INLINE void for_each_vector(FloatTag d, std::size_t begin, std::size_t end, Body&& body) {
  const std::size_t lanes = hn::Lanes(d);
  std::size_t c = begin;
  for (; c + lanes <= end; c += lanes) {
    body(c, lanes);
  }
  if (c < end) {
    body(c, end - c);
  }
}

// Keeps the first `count` lanes, zeroes the rest.
HWY_INLINE FloatVec first(FloatTag d, FloatVec v, std::size_t count) {
  return count == hn::Lanes(d) ? v : hn::IfThenElseZero(hn::FirstN(d, count), v);
}

// Sums floats in float64.
class DoubleSum {
#if HWY_TARGET == HWY_SCALAR
 public:
  HWY_INLINE void add(FloatVec v) {
    total_ += static_cast<double>(hn::GetLane(v));
  }
  HWY_INLINE void add_square(FloatVec v) {
    const double value = hn::GetLane(v);
    total_ += value * value;
  }
  HWY_INLINE double total() const {
    return total_;
  }

 private:
  double total_ = 0;
#else
  using Tag = hn::Repartition<double, FloatTag>;
  using Half = hn::Half<FloatTag>;

 public:
  // Written out: an implicit constructor would be compiled for the baseline.
  HWY_INLINE DoubleSum() : low_(hn::Zero(Tag())), high_(hn::Zero(Tag())) {}
  HWY_INLINE void add(FloatVec v) {
    low_ = hn::Add(low_, hn::PromoteTo(Tag(), hn::LowerHalf(Half(), v)));
    high_ = hn::Add(high_, hn::PromoteTo(Tag(), hn::UpperHalf(Half(), v)));
  }
  HWY_INLINE void add_square(FloatVec v) {
    const auto low = hn::PromoteTo(Tag(), hn::LowerHalf(Half(), v));
    const auto high = hn::PromoteTo(Tag(), hn::UpperHalf(Half(), v));
    low_ = hn::MulAdd(low, low, low_);
    high_ = hn::MulAdd(high, high, high_);
  }
  HWY_INLINE double total() const {
    return hn::GetLane(hn::SumOfLanes(Tag(), hn::Add(low_, high_)));
  }

 private:
  hn::Vec<Tag> low_;
  hn::Vec<Tag> high_;
#endif
};

// Sums floats in float32, spread over four vectors so that each lane adds few of them.
class FloatSum {
 public:
  HWY_INLINE FloatSum() : s0_(hn::Zero(FloatTag())), s1_(s0_), s2_(s0_), s3_(s0_) {}
  template <std::size_t kPlace>
  HWY_INLINE void add(FloatVec v) {
    static_assert(kPlace < 4);
    if constexpr (kPlace == 0) s0_ = hn::Add(s0_, v);
    if constexpr (kPlace == 1) s1_ = hn::Add(s1_, v);
    if constexpr (kPlace == 2) s2_ = hn::Add(s2_, v);
    if constexpr (kPlace == 3) s3_ = hn::Add(s3_, v);
  }
  HWY_INLINE float total() const {
    return hn::GetLane(hn::SumOfLanes(FloatTag(), hn::Add(hn::Add(s0_, s1_), hn::Add(s2_, s3_))));
  }

 private:
  FloatVec s0_;
  FloatVec s1_;
  FloatVec s2_;
  FloatVec s3_;
};

// The sum of term(c, count) over the vectors of columns 0 … end-1; lanes beyond count must be 0.
template <class Term>
HWY_INLINE float sum_vectors(FloatTag d, std::size_t end, Term&& term) {
  const std::size_t lanes = hn::Lanes(d);
  FloatSum sum;
  std::size_t c = 0;
  for (; c + 4 * lanes <= end; c += 4 * lanes) {
    sum.add<0>(term(c, lanes));
    sum.add<1>(term(c + lanes, lanes));
    sum.add<2>(term(c + 2 * lanes, lanes));
    sum.add<3>(term(c + 3 * lanes, lanes));
  }
  for_each_vector(d, c, end, [&](std::size_t at, std::size_t count) HEED_SIMD_LAMBDA {
    sum.add<0>(term(at, count));
  });
  return sum.total();
}

// e^x for x <= 88; below -87.3 it is 0.
HWY_INLINE FloatVec exp_bounded(FloatTag d, FloatVec x) {
  const hn::RebindToSigned<FloatTag> di;
  // x = n ln 2 + r. Adding 1.5 · 2²³ leaves n in the low bits of the sum. ln 2 comes in two parts,
  // so that the first product is exact.
  const auto magic = hn::Set(d, 12582912.0f);
  const auto shifted = hn::MulAdd(x, hn::Set(d, 1.44269504f), magic);
  const auto n = hn::Sub(shifted, magic);
  auto r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
  auto q = hn::Set(d, 0.00138145988f);
  q = hn::MulAdd(q, r, hn::Set(d, 0.00836871658f));
  q = hn::MulAdd(q, r, hn::Set(d, 0.041668389f));
  q = hn::MulAdd(q, r, hn::Set(d, 0.166665211f));
  q = hn::MulAdd(q, r, hn::Set(d, 0.49999994f));
  const auto one = hn::Set(d, 1.0f);
  const auto power = hn::MulAdd(hn::MulAdd(q, r, one), r, one);
  const auto scale =
      hn::BitCast(d, hn::Add(hn::ShiftLeft<23>(hn::BitCast(di, shifted)), hn::Set(di, 127 << 23)));
  // A product, not a sum of exponents, which could turn NaN into a number.
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -87.3f)), hn::Mul(power, scale));
}

// e^x; below -87.3 it is 0, above 88 it stays at e^88.
HWY_INLINE FloatVec exp(FloatTag d, FloatVec x) {
  const auto high = hn::Set(d, 88.0f);
  return exp_bounded(d, hn::IfThenElse(hn::Gt(x, high), high, x));
}

// σ(x) = 1 / (1 + e^-x), and 1 - σ(x) without cancellation.
struct Sigmoid {
  FloatVec value;
  FloatVec complement;
};
HWY_INLINE Sigmoid sigmoid(FloatTag d, FloatVec x) {
  const auto one = hn::Set(d, 1.0f);
  const auto e = exp(d, hn::Neg(x));
  const auto value = hn::Div(one, hn::Add(one, e));
  return {value, hn::Mul(e, value)};
}

HWY_INLINE FloatVec tanh(FloatTag d, FloatVec x) {
  const auto one = hn::Set(d, 1.0f);
  const auto two = hn::Set(d, 2.0f);
  const auto size = hn::Abs(x);
  const auto e = exp(d, hn::Mul(two, size));
  const auto large = hn::NegMulAdd(two, hn::Div(one, hn::Add(e, one)), one);
  const auto square = hn::Mul(x, x);
  auto q = hn::Set(d, -0.0057049864f);
  q = hn::MulAdd(q, square, hn::Set(d, 0.0206390861f));
  q = hn::MulAdd(q, square, hn::Set(d, -0.0537397154f));
  q = hn::MulAdd(q, square, hn::Set(d, 0.133314416f));
  q = hn::MulAdd(q, square, hn::Set(d, -0.333332807f));
  const auto small = hn::MulAdd(hn::Mul(q, square), size, size);
  const auto result = hn::IfThenElse(hn::Lt(size, hn::Set(d, 0.625f)), small, large);
  return hn::CopySign(result, x);
}

// The distribution function Φ of the standard normal and its density.
struct Normal {
  FloatVec cdf;
  FloatVec density;
};
// Φ(-t) = e^(-t²/2) s(u) / (t + 3), u = (t - 3) / (t + 3), for t >= 0: accurate in the tail too.
HWY_INLINE Normal normal(FloatTag d, FloatVec x) {
  const auto one = hn::Set(d, 1.0f);
  const auto three = hn::Set(d, 3.0f);
  const auto half = hn::Set(d, 0.5f);
  const auto far = hn::Set(d, 14.0f);
  const auto size = hn::Abs(x);
  const auto t = hn::IfThenElse(hn::Gt(size, far), far, size);
  const auto inverse = hn::Div(one, hn::Add(t, three));
  const auto u = hn::Mul(hn::Sub(t, three), inverse);
  auto s = hn::Set(d, 4.90214916e-05f);
  s = hn::MulAdd(s, u, hn::Set(d, -0.000208830184f));
  s = hn::MulAdd(s, u, hn::Set(d, -0.000946478453f));
  s = hn::MulAdd(s, u, hn::Set(d, 0.0010209406f));
  s = hn::MulAdd(s, u, hn::Set(d, 0.00693823304f));
  s = hn::MulAdd(s, u, hn::Set(d, -0.0104633849f));
  s = hn::MulAdd(s, u, hn::Set(d, -0.047258392f));
  s = hn::MulAdd(s, u, hn::Set(d, 0.230017781f));
  s = hn::MulAdd(s, u, hn::Set(d, -0.50933218f));
  s = hn::MulAdd(s, u, hn::Set(d, 0.729083717f));
  // The rounding error of t² would show in its exponential.
  const auto square = hn::Mul(t, t);
  const auto rest = hn::MulSub(t, t, square);
  const auto e =
      hn::Mul(exp_bounded(d, hn::Mul(hn::Neg(half), square)), hn::NegMulAdd(half, rest, one));
  const auto tail = hn::Mul(e, hn::Mul(s, inverse));
  const auto cdf = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), tail, hn::Sub(one, tail));
  return {cdf, hn::Mul(e, hn::Set(d, 0.398942280f))};
}

}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HEED_BACKENDS_CPU_SIMD_MATH_INL_H_
