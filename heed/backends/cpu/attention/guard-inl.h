// Products over tiles of weights, in which a pair that is masked must not leak: 0 · NaN is NaN.
#include <cstddef>
#include <cstdint>
#include <vector>

#if defined(HEED_BACKENDS_CPU_ATTENTION_GUARD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HEED_BACKENDS_CPU_ATTENTION_GUARD_INL_H_
#undef HEED_BACKENDS_CPU_ATTENTION_GUARD_INL_H_
#else
#define HEED_BACKENDS_CPU_ATTENTION_GUARD_INL_H_
#endif

#include "heed/backends/cpu/attention/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {

// Whether rows × columns hold neither NaN nor an infinity: then the sum of 0 · x is 0.
HWY_INLINE bool all_finite(const float* data, std::int64_t stride, std::int64_t rows,
                           std::int64_t columns) {
  const FloatTag d;
  const auto zero = hn::Zero(d);
  auto even = zero;
  auto odd = zero;
  for_each_vector(d, 0, static_cast<std::size_t>(columns),
                  [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
                    const float* at = data + c;
                    std::int64_t row = 0;
                    for (; row + 2 <= rows; row += 2, at += 2 * stride) {
                      even = hn::MulAdd(zero, load(d, at, n), even);
                      odd = hn::MulAdd(zero, load(d, at + stride, n), odd);
                    }
                    if (row < rows) {
                      even = hn::MulAdd(zero, load(d, at, n), even);
                    }
                  });
  return hn::AllTrue(d, hn::Eq(hn::Add(even, odd), zero));
}

// The product with rows of b that are not finite left out and then added for the pairs that see.
// kTransposed: the rows of the result are queries and the depth runs over keys, else the reverse.
template <bool kTransposed, class RangeOf>
HWY_NOINLINE void careful_product(const SmallProduct& x, const TileShape& shape,
                                  std::int64_t columns, const RangeOf& range_of) {
  const std::int64_t rows = kTransposed ? shape.queries : shape.keys;
  const std::int64_t depth = kTransposed ? shape.keys : shape.queries;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(FloatTag()));
  const std::int64_t stride = (columns + lanes - 1) / lanes * lanes;
  std::vector<float> finite(static_cast<std::size_t>(depth * stride));
  std::vector<std::int64_t> left_out;
  for (std::int64_t p = 0; p < depth; ++p) {
    if (all_finite(x.b + p * x.b_stride, x.b_stride, 1, columns)) {
      std::copy_n(x.b + p * x.b_stride, columns, finite.data() + p * stride);
    } else {
      left_out.push_back(p);
    }
  }
  SmallProduct product = x;
  product.b = finite.data();
  product.b_stride = stride;
  small_product<kTransposed>(product, rows, columns, range_of);
  for (const std::int64_t p : left_out) {
    for (std::int64_t r = 0; r < rows; ++r) {
      if (!(kTransposed ? shape.sees(r, p) : shape.sees(p, r))) {
        continue;
      }
      const bool scaled = !x.accumulate && x.row_factor != nullptr;
      const float weight = x.a[kTransposed ? p * x.a_stride + r : r * x.a_stride + p] *
                           (scaled ? x.row_factor[r] : 1.0f);
      for (std::int64_t c = 0; c < columns; ++c) {
        x.c[r * x.c_stride + c] += weight * x.b[p * x.b_stride + c];
      }
    }
  }
}

// A product whose rows are queries and whose depth runs over keys (out, dq).
HWY_INLINE void query_product(const SmallProduct& x, const TileShape& shape, std::int64_t columns) {
  if (shape.partial() && !all_finite(x.b, x.b_stride, shape.keys, columns)) {
    careful_product<true>(x, shape, columns, QueryRange{shape});
  } else {
    small_product<true>(x, shape.queries, columns, QueryRange{shape});
  }
}

// A product whose rows are keys and whose depth runs over queries (dk, dv).
HWY_INLINE void key_product(const SmallProduct& x, const TileShape& shape, std::int64_t columns) {
  if (shape.partial() && !all_finite(x.b, x.b_stride, shape.queries, columns)) {
    careful_product<false>(x, shape, columns, KeyRange{shape});
  } else {
    small_product<false>(x, shape.keys, columns, KeyRange{shape});
  }
}

}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // HEED_BACKENDS_CPU_ATTENTION_GUARD_INL_H_
