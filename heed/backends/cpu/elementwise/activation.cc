#include "heed/backends/cpu/elementwise/activation.h"

#include <utility>

#include "heed/backends/cpu/simd/targets.h"
#include "heed/backends/cpu/tiles.h"
#include "heed/kernels/operands.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "heed/backends/cpu/elementwise/activation.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "heed/backends/cpu/simd/bfloat16-inl.h"
#include "heed/backends/cpu/simd/dropout-inl.h"

#ifndef HEED_BACKENDS_CPU_ACTIVATION_MAP_
#define HEED_BACKENDS_CPU_ACTIVATION_MAP_
namespace heed::cpu {
namespace {

// What a backward pass reads of its forward pass: float32 or bfloat16.
struct KeptRows {
  ConstRows floats;
  RowsOf<const BFloat16> rounded;

  explicit KeptRows(const ConstView& x) {
    if (x.defined() && x.dtype == DType::bfloat16) {
      rounded = {x.as<BFloat16>(), x.row_stride()};
    } else {
      floats = rows_of(x);
    }
  }
};

// The operands of one call. Gated maps read the gate at column c of x and the value that it scales
// at column width + c.
struct ActivationMap {
  Activation activation;
  KeptRows x;
  ConstRows dy;
  Rows out;
  std::int64_t width;
  const DropoutStream* stream;
};

}  // namespace
}  // namespace heed::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {
namespace {

HWY_INLINE FloatVec load_kept(FloatTag d, const KeptRows& x, std::int64_t row, std::size_t column,
                              std::size_t count) {
  return x.rounded.defined() ? load(d, x.rounded[row] + column, count)
                             : load(d, x.floats[row] + column, count);
}

// y = activation(x) and the slope there; what a caller does not use costs nothing.
struct Activated {
  FloatVec value;
  FloatVec slope;
};

template <Activation kActivation>
HWY_INLINE Activated activate(FloatTag d, FloatVec x) {
  const auto zero = hn::Zero(d);
  const auto one = hn::Set(d, 1.0f);
  if constexpr (kActivation == Activation::identity) {
    return {x, one};
  } else if constexpr (kActivation == Activation::relu) {
    // Compared so that NaN stays NaN.
    return {hn::IfThenZeroElse(hn::Lt(x, zero), x), hn::IfThenZeroElse(hn::Le(x, zero), one)};
  } else if constexpr (kActivation == Activation::gelu) {
    const Normal n = normal(d, x);
    return {hn::Mul(x, n.cdf), hn::MulAdd(x, n.density, n.cdf)};
  } else if constexpr (kActivation == Activation::gelu_tanh) {
    // (1 + tanh(z)) / 2 = σ(2z), with z = √(2/π) (x + 0.044715 x³).
    const auto square = hn::Mul(x, x);
    const auto linear = hn::Set(d, 1.59576912f);
    const auto cubic = hn::Set(d, 0.0713548163f);
    const Sigmoid s = sigmoid(d, hn::Mul(x, hn::MulAdd(cubic, square, linear)));
    const auto inner = hn::MulAdd(hn::Set(d, 3 * 0.0713548163f), square, linear);
    const auto slope = hn::MulAdd(hn::Mul(x, s.complement), inner, one);
    return {hn::Mul(x, s.value), hn::Mul(s.value, slope)};
  } else if constexpr (kActivation == Activation::silu) {
    const Sigmoid s = sigmoid(d, x);
    return {hn::Mul(x, s.value), hn::Mul(s.value, hn::MulAdd(x, s.complement, one))};
  } else if constexpr (kActivation == Activation::relu_squared) {
    const auto positive = hn::IfThenZeroElse(hn::Lt(x, zero), x);
    return {hn::Mul(positive, positive), hn::Add(positive, positive)};
  } else {
    static_assert(kActivation == Activation::tanh);
    const auto t = tanh(d, x);
    return {t, hn::NegMulAdd(t, t, one)};
  }
}

// Calls body(row, column, count, drop) for every vector of the piece; drop(v) applies the mask.
template <bool kDropout, class Body>
HWY_INLINE void for_each_masked(const ActivationMap& map, const Piece& piece, Body&& body) {
  const FloatTag d;
  DropoutMask mask(*map.stream);
  for (std::int64_t r = piece.row_begin; r < piece.row_end; ++r) {
    if constexpr (kDropout) {
      mask.start_row(map.stream->row_key(r));
    }
    for_each_vector(d, static_cast<std::size_t>(piece.column_begin),
                    static_cast<std::size_t>(piece.column_end),
                    [&](std::size_t c, std::size_t count) HEED_SIMD_LAMBDA {
                      const std::size_t offset = c % DropoutMask::group_columns;
                      if (kDropout && offset == 0) {
                        mask.draw(c / DropoutMask::group_columns);
                      }
                      body(r, c, count, [&](FloatVec v) HEED_SIMD_LAMBDA {
                        return kDropout ? mask.apply(d, v, offset) : v;
                      });
                    });
  }
}

template <Activation kActivation, bool kDropout>
void forward(const ActivationMap& map, const Piece& piece) {
  const FloatTag d;
  for_each_masked<kDropout>(
      map, piece, [&](std::int64_t r, std::size_t c, std::size_t n, auto drop) HEED_SIMD_LAMBDA {
        const auto y = activate<kActivation>(d, load_kept(d, map.x, r, c, n)).value;
        store(d, drop(y), map.out[r] + c, n);
      });
}

template <Activation kActivation, bool kDropout>
void backward(const ActivationMap& map, const Piece& piece) {
  const FloatTag d;
  for_each_masked<kDropout>(
      map, piece, [&](std::int64_t r, std::size_t c, std::size_t n, auto drop) HEED_SIMD_LAMBDA {
        const auto slope = activate<kActivation>(d, load_kept(d, map.x, r, c, n)).slope;
        store(d, hn::Mul(drop(load(d, map.dy[r] + c, n)), slope), map.out[r] + c, n);
      });
}

template <Activation kActivation, bool kDropout>
void gated(const ActivationMap& map, const Piece& piece) {
  const FloatTag d;
  for_each_masked<kDropout>(
      map, piece, [&](std::int64_t r, std::size_t c, std::size_t n, auto drop) HEED_SIMD_LAMBDA {
        const auto gate = activate<kActivation>(d, load_kept(d, map.x, r, c, n)).value;
        const auto up = load_kept(d, map.x, r, static_cast<std::size_t>(map.width) + c, n);
        store(d, drop(hn::Mul(gate, up)), map.out[r] + c, n);
      });
}

template <Activation kActivation, bool kDropout>
void gated_gradient(const ActivationMap& map, const Piece& piece) {
  const FloatTag d;
  for_each_masked<kDropout>(
      map, piece, [&](std::int64_t r, std::size_t c, std::size_t n, auto drop) HEED_SIMD_LAMBDA {
        const Activated gate = activate<kActivation>(d, load_kept(d, map.x, r, c, n));
        const auto up = load_kept(d, map.x, r, static_cast<std::size_t>(map.width) + c, n);
        const auto dy = drop(load(d, map.dy[r] + c, n));
        store(d, hn::Mul(hn::Mul(dy, up), gate.slope), map.out[r] + c, n);
        store(d, hn::Mul(dy, gate.value), map.out[r] + map.width + c, n);
      });
}

// Calls body.operator()<activation, dropout>() for what the map asks.
template <class Body>
void choose(const ActivationMap& map, Body&& body) {
  const auto with = [&]<Activation kActivation>() {
    map.stream->active() ? body.template operator()<kActivation, true>()
                         : body.template operator()<kActivation, false>();
  };
  switch (map.activation) {
    case Activation::identity:
      return with.template operator()<Activation::identity>();
    case Activation::relu:
      return with.template operator()<Activation::relu>();
    case Activation::gelu:
      return with.template operator()<Activation::gelu>();
    case Activation::gelu_tanh:
      return with.template operator()<Activation::gelu_tanh>();
    case Activation::silu:
      return with.template operator()<Activation::silu>();
    case Activation::tanh:
      return with.template operator()<Activation::tanh>();
    case Activation::relu_squared:
      return with.template operator()<Activation::relu_squared>();
  }
}

void map_forward(const ActivationMap& map, const Piece& piece) {
  choose(map, [&]<Activation kActivation, bool kDropout>() {
    forward<kActivation, kDropout>(map, piece);
  });
}
void map_backward(const ActivationMap& map, const Piece& piece) {
  choose(map, [&]<Activation kActivation, bool kDropout>() {
    backward<kActivation, kDropout>(map, piece);
  });
}
void map_gated(const ActivationMap& map, const Piece& piece) {
  choose(map, [&]<Activation kActivation, bool kDropout>() {
    gated<kActivation, kDropout>(map, piece);
  });
}
void map_gated_gradient(const ActivationMap& map, const Piece& piece) {
  choose(map, [&]<Activation kActivation, bool kDropout>() {
    gated_gradient<kActivation, kDropout>(map, piece);
  });
}

}  // namespace
}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heed::cpu {

namespace {
HWY_EXPORT(map_forward);
HWY_EXPORT(map_backward);
HWY_EXPORT(map_gated);
HWY_EXPORT(map_gated_gradient);
}  // namespace

void activation_forward(ExecutionContext& context, Activation activation, ConstView x,
                        const DropoutStream& stream, View y) {
  const std::int64_t rows = y.rows();
  check_matrix("activation_forward", "x", x, rows, y.columns());
  const ActivationMap map{activation, KeptRows(x), {}, rows_of(y), y.columns(), &stream};
  const bool flat = !stream.active() && x.contiguous() && y.contiguous();
  run_pieces(context, rows, y.columns(), flat, [&](const Piece& piece) {
    HWY_DYNAMIC_DISPATCH(map_forward)(map, piece);
  });
}

void activation_backward(ExecutionContext& context, Activation activation, ConstView x,
                         ConstView dy, const DropoutStream& stream, View dx) {
  const std::int64_t rows = dx.rows();
  check_matrix("activation_backward", "x", x, rows, dx.columns());
  check_matrix("activation_backward", "dy", dy, rows, dx.columns());
  const ActivationMap map{activation, KeptRows(x), rows_of(dy), rows_of(dx), dx.columns(), &stream};
  const bool flat = !stream.active() && x.contiguous() && dy.contiguous() && dx.contiguous();
  run_pieces(context, rows, dx.columns(), flat, [&](const Piece& piece) {
    HWY_DYNAMIC_DISPATCH(map_backward)(map, piece);
  });
}

void gated_forward(ExecutionContext& context, Activation activation, ConstView x,
                   const DropoutStream& stream, View y) {
  check_matrix("gated_forward", "x", x, y.rows(), 2 * y.columns());
  const ActivationMap map{activation, KeptRows(x), {}, rows_of(y), y.columns(), &stream};
  run_pieces(context, y.rows(), y.columns(), false, [&](const Piece& piece) {
    HWY_DYNAMIC_DISPATCH(map_gated)(map, piece);
  });
}

void gated_backward(ExecutionContext& context, Activation activation, ConstView x, ConstView dy,
                    const DropoutStream& stream, View dx) {
  const std::int64_t rows = dy.rows();
  check_matrix("gated_backward", "x", x, rows, 2 * dy.columns());
  check_matrix("gated_backward", "dx", dx, rows, 2 * dy.columns());
  const ActivationMap map{activation, KeptRows(x), rows_of(dy), rows_of(dx), dy.columns(), &stream};
  run_pieces(context, rows, dy.columns(), false, [&](const Piece& piece) {
    HWY_DYNAMIC_DISPATCH(map_gated_gradient)(map, piece);
  });
}

}  // namespace heed::cpu
#endif
