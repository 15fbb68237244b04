#include "heed/backends/cpu/attention/general_loops.h"

#include <limits>

#include "heed/backends/cpu/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "heed/backends/cpu/attention/general_loops.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "heed/backends/cpu/simd/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {
namespace {

using ConstSeenRows = AttentionVectorLoops::ConstSeenRows;
using SeenRows = AttentionVectorLoops::SeenRows;

HWY_INLINE float lane_sum(FloatTag d, FloatVec v) {
  return hn::GetLane(hn::SumOfLanes(d, v));
}

// out[n] = Σ_c term(row n, c, lanes); lanes beyond the size must be 0. Two rows at a time, so that
// one does not wait for the other.
template <class Term>
HWY_INLINE void sum_each_row(const ConstSeenRows& rows, std::int64_t size, float* out,
                             const Term& term) {
  const FloatTag d;
  const auto columns = static_cast<std::size_t>(size);
  std::int64_t n = 0;
  for (; n + 2 <= rows.count; n += 2) {
    const float* row0 = rows[n];
    const float* row1 = rows[n + 1];
    auto sum0 = hn::Zero(d);
    auto sum1 = hn::Zero(d);
    for_each_vector(d, 0, columns, [&](std::size_t c, std::size_t lanes) HEED_SIMD_LAMBDA {
      sum0 = term(sum0, row0, c, lanes);
      sum1 = term(sum1, row1, c, lanes);
    });
    out[n] = lane_sum(d, sum0);
    out[n + 1] = lane_sum(d, sum1);
  }
  if (n < rows.count) {
    auto sum = hn::Zero(d);
    for_each_vector(d, 0, columns, [&](std::size_t c, std::size_t lanes) HEED_SIMD_LAMBDA {
      sum = term(sum, rows[n], c, lanes);
    });
    out[n] = lane_sum(d, sum);
  }
}

void products(const float* x, const ConstSeenRows& rows, std::int64_t size, float* out) {
  const FloatTag d;
  sum_each_row(rows, size, out,
               [&](FloatVec sum, const float* row, std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
                 return hn::MulAdd(load(d, x + c, n), load(d, row + c, n), sum);
               });
}

void distances(const float* x, const ConstSeenRows& rows, std::int64_t size, float* out) {
  const FloatTag d;
  sum_each_row(rows, size, out,
               [&](FloatVec sum, const float* row, std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
                 const auto difference = hn::Sub(load(d, x + c, n), load(d, row + c, n));
                 return hn::MulAdd(difference, difference, sum);
               });
  for (std::int64_t n = 0; n < rows.count; ++n) {
    out[n] *= -0.5f;
  }
}

void additive(const float* w, const float* x, const ConstSeenRows& rows, std::int64_t size,
              float* out) {
  const FloatTag d;
  sum_each_row(rows, size, out,
               [&](FloatVec sum, const float* row, std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
                 const auto a = tanh(d, hn::Add(load(d, x + c, n), load(d, row + c, n)));
                 return hn::MulAdd(load(d, w + c, n), a, sum);
               });
}

// kVectors vectors of columns of y from `column` on, the last with `last` lanes.
template <std::size_t kVectors>
HWY_INLINE void add_columns(const float* weights, const ConstSeenRows& rows, std::size_t column,
                            std::size_t last, float* y) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  FloatVec sums[kVectors];
  const auto lanes_of = [&](std::size_t v)
                            HEED_SIMD_LAMBDA { return v + 1 == kVectors ? last : lanes; };
  for (std::size_t v = 0; v < kVectors; ++v) {
    sums[v] = load(d, y + column + v * lanes, lanes_of(v));
  }
  for (std::int64_t n = 0; n < rows.count; ++n) {
    const float* row = rows[n] + column;
    const auto weight = hn::Set(d, weights[n]);
    for (std::size_t v = 0; v < kVectors; ++v) {
      sums[v] = hn::MulAdd(weight, load(d, row + v * lanes, lanes_of(v)), sums[v]);
    }
  }
  for (std::size_t v = 0; v < kVectors; ++v) {
    store(d, sums[v], y + column + v * lanes, lanes_of(v));
  }
}

void add_rows(const float* weights, const ConstSeenRows& rows, std::int64_t size, float* y) {
  const std::size_t lanes = hn::Lanes(FloatTag());
  const auto columns = static_cast<std::size_t>(size);
  std::size_t c = 0;
  for (; c + 4 * lanes <= columns; c += 4 * lanes) {
    add_columns<4>(weights, rows, c, lanes, y);
  }
  for (; c + 2 * lanes <= columns; c += 2 * lanes) {
    add_columns<2>(weights, rows, c, lanes, y);
  }
  for (; c < columns; c += lanes) {
    add_columns<1>(weights, rows, c, std::min(lanes, columns - c), y);
  }
}

HWY_INLINE void add_to_row(float weight, const float* x, std::size_t size, float* row) {
  const FloatTag d;
  const auto factor = hn::Set(d, weight);
  for_each_vector(d, 0, size, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
    store(d, hn::MulAdd(factor, load(d, x + c, n), load(d, row + c, n)), row + c, n);
  });
}

void add_to_rows(const float* weights, const float* x, std::int64_t size, const SeenRows& rows) {
  for (std::int64_t n = 0; n < rows.count; ++n) {
    add_to_row(weights[n], x, static_cast<std::size_t>(size), rows[n]);
  }
}

void add_scaled(float factor, const float* x, std::int64_t count, float* y) {
  add_to_row(factor, x, static_cast<std::size_t>(count), y);
}

void add_distance_gradients(const float* weights, const float* x, const ConstSeenRows& rows,
                            std::int64_t size, float* dx, const SeenRows& drows) {
  const FloatTag d;
  for (std::int64_t n = 0; n < rows.count; ++n) {
    const auto weight = hn::Set(d, weights[n]);
    const float* row = rows[n];
    float* drow = drows[n];
    for_each_vector(d, 0, static_cast<std::size_t>(size),
                    [&](std::size_t c, std::size_t lanes) HEED_SIMD_LAMBDA {
                      const auto difference =
                          hn::Mul(weight, hn::Sub(load(d, row + c, lanes), load(d, x + c, lanes)));
                      store(d, hn::Add(load(d, dx + c, lanes), difference), dx + c, lanes);
                      store(d, hn::Sub(load(d, drow + c, lanes), difference), drow + c, lanes);
                    });
  }
}

void add_additive_gradients(const float* dscores, const float* w, const float* x,
                            const ConstSeenRows& rows, std::int64_t size, float* dx,
                            const SeenRows& drows, float* dw) {
  const FloatTag d;
  for (std::int64_t n = 0; n < rows.count; ++n) {
    const auto dscore = hn::Set(d, dscores[n]);
    const float* row = rows[n];
    float* drow = drows[n];
    for_each_vector(d, 0, static_cast<std::size_t>(size),
                    [&](std::size_t c, std::size_t lanes) HEED_SIMD_LAMBDA {
                      const auto a =
                          tanh(d, hn::Add(load(d, x + c, lanes), load(d, row + c, lanes)));
                      const auto slope = hn::Mul(hn::Mul(dscore, load(d, w + c, lanes)),
                                                 hn::NegMulAdd(a, a, hn::Set(d, 1.0f)));
                      store(d, hn::Add(load(d, dx + c, lanes), slope), dx + c, lanes);
                      store(d, hn::Add(load(d, drow + c, lanes), slope), drow + c, lanes);
                      if (dw != nullptr) {
                        store(d, hn::MulAdd(dscore, a, load(d, dw + c, lanes)), dw + c, lanes);
                      }
                    });
  }
}

float dot(const float* a, const float* b, std::int64_t count) {
  const FloatTag d;
  return sum_vectors(d, static_cast<std::size_t>(count),
                     [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
                       return hn::Mul(load(d, a + c, n), load(d, b + c, n));
                     });
}

float largest(const float* x, std::int64_t count) {
  const FloatTag d;
  const auto nothing = hn::Set(d, -std::numeric_limits<float>::infinity());
  auto maximum = nothing;
  for_each_vector(d, 0, static_cast<std::size_t>(count),
                  [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
                    const auto v = load(d, x + c, n);
                    const auto larger = hn::And(hn::FirstN(d, n), hn::Gt(v, maximum));
                    maximum = hn::IfThenElse(larger, v, maximum);
                  });
  return hn::GetLane(hn::MaxOfLanes(d, maximum));
}

float exponentials(float shift, std::int64_t count, float* x) {
  const FloatTag d;
  return sum_vectors(d, static_cast<std::size_t>(count),
                     [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
                       const auto e = exp(d, hn::Sub(load(d, x + c, n), hn::Set(d, shift)));
                       store(d, e, x + c, n);
                       return first(d, e, n);
                     });
}

void soft_cap(float cap, std::int64_t count, float* x) {
  const FloatTag d;
  const auto limit = hn::Set(d, cap);
  for_each_vector(d, 0, static_cast<std::size_t>(count),
                  [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
                    const auto ratio = hn::Div(load(d, x + c, n), limit);
                    store(d, hn::Mul(limit, tanh(d, ratio)), x + c, n);
                  });
}

void sigmoids(const float* x, std::int64_t count, float* y) {
  const FloatTag d;
  for_each_vector(d, 0, static_cast<std::size_t>(count),
                  [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
                    store(d, sigmoid(d, load(d, x + c, n)).value, y + c, n);
                  });
}

}  // namespace
}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heed::cpu {

HWY_EXPORT(products);
HWY_EXPORT(add_rows);
HWY_EXPORT(add_to_rows);
HWY_EXPORT(distances);
HWY_EXPORT(add_distance_gradients);
HWY_EXPORT(additive);
HWY_EXPORT(add_additive_gradients);
HWY_EXPORT(add_scaled);
HWY_EXPORT(dot);
HWY_EXPORT(largest);
HWY_EXPORT(exponentials);
HWY_EXPORT(soft_cap);
HWY_EXPORT(sigmoids);

using Loops = AttentionVectorLoops;

void Loops::products(const float* x, const ConstSeenRows& rows, std::int64_t size,
                     float* out) const {
  HWY_DYNAMIC_DISPATCH(products)(x, rows, size, out);
}
void Loops::add_rows(const float* weights, const ConstSeenRows& rows, std::int64_t size,
                     float* y) const {
  HWY_DYNAMIC_DISPATCH(add_rows)(weights, rows, size, y);
}
void Loops::add_to_rows(const float* weights, const float* x, std::int64_t size,
                        const SeenRows& rows) const {
  HWY_DYNAMIC_DISPATCH(add_to_rows)(weights, x, size, rows);
}
void Loops::distances(const float* x, const ConstSeenRows& rows, std::int64_t size,
                      float* out) const {
  HWY_DYNAMIC_DISPATCH(distances)(x, rows, size, out);
}
void Loops::add_distance_gradients(const float* weights, const float* x, const ConstSeenRows& rows,
                                   std::int64_t size, float* dx, const SeenRows& drows) const {
  HWY_DYNAMIC_DISPATCH(add_distance_gradients)(weights, x, rows, size, dx, drows);
}
void Loops::additive(const float* w, const float* x, const ConstSeenRows& rows, std::int64_t size,
                     float* out) const {
  HWY_DYNAMIC_DISPATCH(additive)(w, x, rows, size, out);
}
void Loops::add_additive_gradients(const float* dscores, const float* w, const float* x,
                                   const ConstSeenRows& rows, std::int64_t size, float* dx,
                                   const SeenRows& drows, float* dw) const {
  HWY_DYNAMIC_DISPATCH(add_additive_gradients)(dscores, w, x, rows, size, dx, drows, dw);
}
void Loops::add_scaled(float factor, const float* x, std::int64_t count, float* y) const {
  HWY_DYNAMIC_DISPATCH(add_scaled)(factor, x, count, y);
}
float Loops::dot(const float* a, const float* b, std::int64_t count) const {
  return HWY_DYNAMIC_DISPATCH(dot)(a, b, count);
}
float Loops::largest(const float* x, std::int64_t count) const {
  return HWY_DYNAMIC_DISPATCH(largest)(x, count);
}
float Loops::exponentials(float shift, std::int64_t count, float* x) const {
  return HWY_DYNAMIC_DISPATCH(exponentials)(shift, count, x);
}
void Loops::soft_cap(float cap, std::int64_t count, float* x) const {
  HWY_DYNAMIC_DISPATCH(soft_cap)(cap, count, x);
}
void Loops::sigmoids(const float* x, std::int64_t count, float* y) const {
  HWY_DYNAMIC_DISPATCH(sigmoids)(x, count, y);
}

}  // namespace heed::cpu
#endif
