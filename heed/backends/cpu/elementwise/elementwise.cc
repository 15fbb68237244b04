#include "heed/kernels/elementwise.h"

#include "heed/backends/cpu/elementwise/activation.h"
#include "heed/backends/cpu/families.h"
#include "heed/backends/cpu/simd/targets.h"
#include "heed/backends/cpu/tiles.h"
#include "heed/kernels/operands.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "heed/backends/cpu/elementwise/elementwise.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "heed/backends/cpu/simd/bfloat16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {
namespace {

void scale_add_piece(ConstRows x, float alpha, float beta, Rows y, const Piece& piece) {
  const FloatTag d;
  const auto x_factor = hn::Set(d, alpha);
  const auto y_factor = hn::Set(d, beta);
  const auto begin = static_cast<std::size_t>(piece.column_begin);
  const auto end = static_cast<std::size_t>(piece.column_end);
  for (std::int64_t r = piece.row_begin; r < piece.row_end; ++r) {
    const float* in = x[r];
    float* out = y[r];
    if (beta == 0) {
      for_each_vector(d, begin, end, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
        store(d, hn::Mul(x_factor, load(d, in + c, n)), out + c, n);
      });
    } else {
      for_each_vector(d, begin, end, [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
        const auto kept = hn::Mul(y_factor, load(d, out + c, n));
        store(d, hn::MulAdd(x_factor, load(d, in + c, n), kept), out + c, n);
      });
    }
  }
}

void scale_rows_piece(ConstRows x, const float* factors, bool accumulate, Rows y,
                      const Piece& piece) {
  const FloatTag d;
  for (std::int64_t r = piece.row_begin; r < piece.row_end; ++r) {
    const auto factor = hn::Set(d, factors[r]);
    const float* in = x[r];
    float* out = y[r];
    for_each_vector(
        d, static_cast<std::size_t>(piece.column_begin), static_cast<std::size_t>(piece.column_end),
        [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
          const auto v = load(d, in + c, n);
          store(d, accumulate ? hn::MulAdd(factor, v, load(d, out + c, n)) : hn::Mul(factor, v),
                out + c, n);
        });
  }
}

template <typename From, typename To>
HWY_INLINE void convert_rows(RowsOf<const From> x, RowsOf<To> y, const Piece& piece) {
  const FloatTag d;
  for (std::int64_t r = piece.row_begin; r < piece.row_end; ++r) {
    const From* in = x[r];
    To* out = y[r];
    for_each_vector(d, static_cast<std::size_t>(piece.column_begin),
                    static_cast<std::size_t>(piece.column_end),
                    [&](std::size_t c, std::size_t n)
                        HEED_SIMD_LAMBDA { store(d, load(d, in + c, n), out + c, n); });
  }
}
void round_piece(ConstRows x, RoundedRows y, const Piece& piece) {
  convert_rows<float, BFloat16>(x, y, piece);
}
void widen_piece(RowsOf<const BFloat16> x, Rows y, const Piece& piece) {
  convert_rows<BFloat16, float>(x, y, piece);
}

void multiply_piece(ConstRows x1, ConstRows x2, bool accumulate, Rows y, const Piece& piece) {
  const FloatTag d;
  for (std::int64_t r = piece.row_begin; r < piece.row_end; ++r) {
    const float* first_factor = x1[r];
    const float* second_factor = x2[r];
    float* out = y[r];
    for_each_vector(
        d, static_cast<std::size_t>(piece.column_begin), static_cast<std::size_t>(piece.column_end),
        [&](std::size_t c, std::size_t n) HEED_SIMD_LAMBDA {
          const auto a = load(d, first_factor + c, n);
          const auto b = load(d, second_factor + c, n);
          const auto product = accumulate ? hn::MulAdd(a, b, load(d, out + c, n)) : hn::Mul(a, b);
          store(d, product, out + c, n);
        });
  }
}

}  // namespace
}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heed::cpu {

namespace {

HWY_EXPORT(scale_add_piece);
HWY_EXPORT(scale_rows_piece);
HWY_EXPORT(round_piece);
HWY_EXPORT(widen_piece);
HWY_EXPORT(multiply_piece);

void scale_add(ExecutionContext& context, ConstView x, float alpha, float beta, View y) {
  check_matrix("scale_add", "x", x, y.rows(), y.columns());
  const ConstRows in = rows_of(x);
  const Rows out = rows_of(y);
  run_pieces(context, y.rows(), y.columns(), x.contiguous() && y.contiguous(),
             [&](const Piece& piece) {
               HWY_DYNAMIC_DISPATCH(scale_add_piece)(in, alpha, beta, out, piece);
             });
}

void scale_rows(ExecutionContext& context, ConstView x, ConstView factors, bool accumulate,
                View y) {
  check_matrix("scale_rows", "x", x, y.rows(), y.columns());
  check_vector("scale_rows", "factors", factors, y.rows());
  const ConstRows in = rows_of(x);
  const Rows out = rows_of(y);
  const auto* row_factors = factors.as<float>();
  run_pieces(context, y.rows(), y.columns(), false, [&](const Piece& piece) {
    HWY_DYNAMIC_DISPATCH(scale_rows_piece)(in, row_factors, accumulate, out, piece);
  });
}

void run_convert(ExecutionContext& context, ConstView x, View y) {
  check_matrix("convert", "x", x, y.rows(), y.columns());
  const bool rounds = y.dtype == DType::bfloat16;
  check(x.dtype == (rounds ? DType::float32 : DType::bfloat16) &&
            (rounds || y.dtype == DType::float32),
        "convert: from {} to {}; only between float32 and bfloat16", name_of(x.dtype),
        name_of(y.dtype));
  run_pieces(context, y.rows(), y.columns(), x.contiguous() && y.contiguous(),
             [&](const Piece& piece) {
               if (rounds) {
                 HWY_DYNAMIC_DISPATCH(round_piece)
                 (rows_of(x), {y.as<BFloat16>(), y.row_stride()}, piece);
               } else {
                 HWY_DYNAMIC_DISPATCH(widen_piece)
                 ({x.as<BFloat16>(), x.row_stride()}, rows_of(y), piece);
               }
             });
}

void multiply(ExecutionContext& context, ConstView x1, ConstView x2, bool accumulate, View y) {
  check_matrix("multiply", "x1", x1, y.rows(), y.columns());
  check_matrix("multiply", "x2", x2, y.rows(), y.columns());
  const ConstRows first_factor = rows_of(x1);
  const ConstRows second_factor = rows_of(x2);
  const Rows out = rows_of(y);
  run_pieces(context, y.rows(), y.columns(), x1.contiguous() && x2.contiguous() && y.contiguous(),
             [&](const Piece& piece) {
               HWY_DYNAMIC_DISPATCH(multiply_piece)
               (first_factor, second_factor, accumulate, out, piece);
             });
}

void apply_dropout(ExecutionContext& context, ConstView x, const DropoutStream& stream, View y) {
  activation_forward(context, Activation::identity, x, stream, y);
}

}  // namespace

void register_elementwise() {
  heed::convert.fill(DeviceKind::cpu, &run_convert);
  heed::scale_add.fill(DeviceKind::cpu, &scale_add);
  heed::scale_rows.fill(DeviceKind::cpu, &scale_rows);
  heed::multiply.fill(DeviceKind::cpu, &multiply);
  heed::activation_forward.fill(DeviceKind::cpu, &activation_forward);
  heed::activation_backward.fill(DeviceKind::cpu, &activation_backward);
  heed::gated_forward.fill(DeviceKind::cpu, &gated_forward);
  heed::gated_backward.fill(DeviceKind::cpu, &gated_backward);
  heed::dropout.fill(DeviceKind::cpu, &apply_dropout);
}

}  // namespace heed::cpu
#endif
