#include "heed/kernels/optimizer.h"

#include <vector>

#include "heed/backends/cpu/families.h"
#include "heed/backends/cpu/simd/targets.h"
#include "heed/backends/cpu/tiles.h"
#include "heed/kernels/operands.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "heed/backends/cpu/elementwise/optimizer.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "heed/backends/cpu/simd/math-inl.h"

#ifndef HEED_BACKENDS_CPU_OPTIMIZER_OPERANDS_
#define HEED_BACKENDS_CPU_OPTIMIZER_OPERANDS_
namespace heed::cpu {
namespace {

// The pointers of a step.
struct AdamOperands {
  float* weights;
  const float* gradient;
  float* first_moment;
  float* second_moment;
  float* average;  // null for none
};

}  // namespace
}  // namespace heed::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {
namespace {

template <bool kCoupled, bool kAverage>
void adam_elements_of(const AdamStep& p, const AdamOperands& at, std::size_t begin,
                      std::size_t end) {
  const FloatTag d;
  const auto beta1 = hn::Set(d, static_cast<float>(p.beta1));
  const auto beta2 = hn::Set(d, static_cast<float>(p.beta2));
  const auto rest1 = hn::Set(d, static_cast<float>(1 - p.beta1));
  const auto rest2 = hn::Set(d, static_cast<float>(1 - p.beta2));
  const auto inverse1 = hn::Set(d, static_cast<float>(1 / p.correction1));
  const auto inverse2 = hn::Set(d, static_cast<float>(1 / p.correction2));
  const auto epsilon = hn::Set(d, static_cast<float>(p.epsilon));
  const auto decay = hn::Set(d, static_cast<float>(p.weight_decay));
  const auto rate = hn::Set(d, static_cast<float>(p.learning_rate));
  const auto scale = hn::Set(d, static_cast<float>(p.gradient_scale));
  const auto average_decay = hn::Set(d, static_cast<float>(p.average_decay));
  const auto average_rest = hn::Set(d, static_cast<float>(1 - p.average_decay));
  for_each_vector(d, begin, end, [&](std::size_t i, std::size_t n) HEED_SIMD_LAMBDA {
    auto w = load(d, at.weights + i, n);
    auto g = hn::Mul(scale, load(d, at.gradient + i, n));
    if constexpr (kCoupled) {
      g = hn::MulAdd(decay, w, g);
    }
    const auto m = hn::MulAdd(beta1, load(d, at.first_moment + i, n), hn::Mul(rest1, g));
    const auto v =
        hn::MulAdd(beta2, load(d, at.second_moment + i, n), hn::Mul(hn::Mul(rest2, g), g));
    const auto size = hn::Add(hn::Sqrt(hn::Mul(v, inverse2)), epsilon);
    auto step = hn::Div(hn::Mul(m, inverse1), size);
    if constexpr (!kCoupled) {
      step = hn::MulAdd(decay, w, step);
    }
    w = hn::NegMulAdd(rate, step, w);
    store(d, m, at.first_moment + i, n);
    store(d, v, at.second_moment + i, n);
    store(d, w, at.weights + i, n);
    if constexpr (kAverage) {
      const auto kept = hn::Mul(average_decay, load(d, at.average + i, n));
      store(d, hn::MulAdd(average_rest, w, kept), at.average + i, n);
    }
  });
}

void adam_elements(const AdamStep& p, const AdamOperands& at, std::size_t begin, std::size_t end) {
  const bool average = at.average != nullptr;
  if (p.coupled_decay) {
    average ? adam_elements_of<true, true>(p, at, begin, end)
            : adam_elements_of<true, false>(p, at, begin, end);
  } else {
    average ? adam_elements_of<false, true>(p, at, begin, end)
            : adam_elements_of<false, false>(p, at, begin, end);
  }
}

double squares_of_piece(ConstRows x, const Piece& piece) {
  const FloatTag d;
  const std::size_t lanes = hn::Lanes(d);
  const auto end = static_cast<std::size_t>(piece.column_end);
  DoubleSum even;
  DoubleSum odd;
  for (std::int64_t r = piece.row_begin; r < piece.row_end; ++r) {
    const float* row = x[r];
    auto c = static_cast<std::size_t>(piece.column_begin);
    for (; c + 2 * lanes <= end; c += 2 * lanes) {
      even.add_square(hn::LoadU(d, row + c));
      odd.add_square(hn::LoadU(d, row + c + lanes));
    }
    for_each_vector(d, c, end, [&](std::size_t i, std::size_t n) HEED_SIMD_LAMBDA {
      even.add_square(load(d, row + i, n));
    });
  }
  return even.total() + odd.total();
}

}  // namespace
}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heed::cpu {

namespace {

HWY_EXPORT(adam_elements);
HWY_EXPORT(squares_of_piece);

void adam_step(ExecutionContext& context, const AdamStep& p) {
  constexpr const char* name = "adam_step";
  const std::int64_t size = p.weights.element_count();
  check_vector(name, "weights", p.weights, size);
  check_vector(name, "gradient", p.gradient, size);
  check_vector(name, "first_moment", p.first_moment, size);
  check_vector(name, "second_moment", p.second_moment, size);
  if (p.average.defined()) {
    check_vector(name, "average", p.average, size);
  }
  const AdamOperands at{p.weights.as<float>(), p.gradient.as<float>(), p.first_moment.as<float>(),
                        p.second_moment.as<float>(),
                        p.average.defined() ? p.average.as<float>() : nullptr};
  run_pieces(context, 1, size, true, [&](const Piece& piece) {
    HWY_DYNAMIC_DISPATCH(adam_elements)
    (p, at, static_cast<std::size_t>(piece.column_begin),
     static_cast<std::size_t>(piece.column_end));
  });
}

double sum_of_squares(ExecutionContext& context, ConstView x) {
  const std::int64_t rows = x.rows();
  const std::int64_t columns = x.columns();
  const bool flat = x.contiguous();
  const ConstRows in = rows_of(x);
  std::vector<double> sums(static_cast<std::size_t>(piece_count(rows, columns, flat)));
  run_pieces(context, rows, columns, flat, [&](const Piece& piece) {
    sums[static_cast<std::size_t>(piece.index)] = HWY_DYNAMIC_DISPATCH(squares_of_piece)(in, piece);
  });
  double total = 0;
  for (const double sum : sums) {
    total += sum;
  }
  return total;
}

}  // namespace

void register_optimizer() {
  heed::adam_step.fill(DeviceKind::cpu, &adam_step);
  heed::sum_of_squares.fill(DeviceKind::cpu, &sum_of_squares);
}

}  // namespace heed::cpu
#endif
