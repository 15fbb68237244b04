#include "heed/backends/cpu/matmul/rows.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <span>
#include <vector>

#include "heed/backends/cpu/matmul/rounded_rows.h"
#include "heed/backends/cpu/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "heed/backends/cpu/matmul/rows.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "heed/backends/cpu/matmul/finish-inl.h"
#include "heed/backends/cpu/simd/transpose-inl.h"
#include "hwy/cache_control.h"

#ifndef HEED_BACKENDS_CPU_MATMUL_ROWS_
#define HEED_BACKENDS_CPU_MATMUL_ROWS_
namespace heed::cpu {
namespace {

constexpr std::int64_t most_rows = 16;
// Of a packed weight: their sums with a panel of it fit into the registers.
constexpr std::int64_t most_rows_of_panels = 6;

// oneDNN cuts the depth into pieces; a sum is that of the pieces, each a chain of fused
// multiply-adds.
std::int64_t depth_of_chains(std::int64_t k) {
  return k <= 1024 ? 512 : 1024;
}

}  // namespace
}  // namespace heed::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {
namespace {

constexpr auto square = static_cast<std::int64_t>(block_size);

// sums[m, square]: adds the products of depth `begin` … `end` - 1 with `count` columns of the
// weight from `column` on; both ends are multiples of a square.
void add_chains(const Product& p, std::int64_t column, std::int64_t count, std::int64_t begin,
                std::int64_t end, float* sums) {
  const FloatTag d;
  const WordTag words;
  const std::int64_t stride = p.b.stride;
  const float* weight = p.b.data + column * stride;
  for (std::int64_t depth = begin; depth < end; depth += square) {
    WordVec block[block_size];
    for (std::int64_t i = 0; i < square; ++i) {
      // The columns beyond the last repeat it.
      const float* from = weight + std::min(i, count - 1) * stride + depth;
      block[i] = hn::LoadU(words, reinterpret_cast<const std::uint32_t*>(from));
      // The next square below: rows are too short for the processor to see where they go on.
      hwy::Prefetch(from + square * stride);
    }
    transpose_block(words, block);
    for (std::int64_t row = 0; row < p.sizes.m; ++row) {
      const float* a = p.a + row * p.a_stride + depth;
      auto sum = hn::Load(d, sums + row * square);
      for (std::int64_t i = 0; i < square; ++i) {
        sum = hn::MulAdd(hn::Set(d, a[i]), hn::BitCast(d, block[i]), sum);
      }
      hn::Store(sum, d, sums + row * square);
    }
  }
}

void run_columns(const Product& p, std::int64_t column, std::int64_t count) {
  const FloatTag d;
  const std::int64_t k = p.sizes.k;
  const std::int64_t piece = depth_of_chains(k);
  HWY_ALIGN float total[most_rows * block_size];
  HWY_ALIGN float sums[most_rows * block_size];
  const std::int64_t rows = p.sizes.m;
  for (std::int64_t begin = 0; begin < k; begin += piece) {
    float* chains = begin == 0 ? total : sums;
    std::fill(chains, chains + rows * square, 0.0f);
    add_chains(p, column, count, begin, std::min(k, begin + piece), chains);
    for (std::int64_t i = 0; begin > 0 && i < rows * square; i += square) {
      hn::Store(hn::Add(hn::Load(d, total + i), hn::Load(d, sums + i)), d, total + i);
    }
  }
  const auto first = static_cast<std::size_t>(column);
  const auto used = static_cast<std::size_t>(count);
  for (std::int64_t row = 0; row < rows; ++row) {
    float* c = p.c + row * p.c_stride;
    const auto value = hn::Load(d, total + row * square);
    store(d, finish_product(d, value, p, c, first, used), c + column, used);
  }
}

void run_stored_columns_any(const Product& p, std::int64_t begin, std::int64_t end) {
  for (std::int64_t column = begin; column < end; column += square) {
    run_columns(p, column, std::min(square, end - column));
  }
}

constexpr auto panel_vectors = static_cast<int>(panel_columns / square);

// What becomes of sums[m][panel_columns] with the panel that holds the columns from `column` on.
void store_panel(const Product& p, const float* sums, std::int64_t column) {
  const FloatTag d;
  for (std::int64_t r = 0; r < p.sizes.m; ++r) {
    float* c = p.c + r * p.c_stride;
    const float* of_row = sums + r * panel_columns;
    for (std::int64_t v = 0; v < panel_columns && column + v < p.sizes.n; v += square) {
      const auto used = static_cast<std::size_t>(std::min(square, p.sizes.n - column - v));
      const auto first = static_cast<std::size_t>(column + v);
      store(d, finish_product(d, hn::LoadU(d, of_row + v), p, c, first, used), c + first, used);
    }
  }
}

// All rows, kRows, times one panel of the weight, which holds the columns from `column` on.
template <int kRows>
void run_panel(const Product& p, const float* panel, std::int64_t column) {
  const FloatTag d;
  constexpr int unrolled = 4;  // steps in depth; they divide depth_unit
  // A page: the panels lie one after the other, but the processor itself stops at its end.
  constexpr int ahead = 1024;
  HWY_ALIGN float total[kRows][panel_columns];
  const std::int64_t k = p.sizes.k;
  const std::int64_t piece = depth_of_chains(k);
  for (std::int64_t begin = 0; begin < k; begin += piece) {
    FloatVec sums[kRows][panel_vectors];
    for (auto& of_row : sums) {
      std::fill(of_row, of_row + panel_vectors, hn::Zero(d));
    }
    const std::int64_t end = std::min(k, begin + piece);
    for (std::int64_t depth = begin; depth < end; depth += unrolled) {
      for (int step = 0; step < unrolled; ++step) {
        const float* weights = panel + (depth + step) * panel_columns;
        for (int v = 0; v < panel_vectors; ++v) {
          hwy::Prefetch(weights + ahead + v * square);
        }
        for (int r = 0; r < kRows; ++r) {
          const auto left = hn::Set(d, p.a[r * p.a_stride + depth + step]);
          for (int v = 0; v < panel_vectors; ++v) {
            sums[r][v] = hn::MulAdd(left, hn::LoadU(d, weights + v * square), sums[r][v]);
          }
        }
      }
    }
    for (int r = 0; r < kRows; ++r) {
      for (int v = 0; v < panel_vectors; ++v) {
        float* to = total[r] + v * square;
        hn::Store(begin == 0 ? sums[r][v] : hn::Add(hn::Load(d, to), sums[r][v]), d, to);
      }
    }
  }
  store_panel(p, &total[0][0], column);
}

void run_panel_any(const Product& p, const float* panel, std::int64_t column) {
  static constexpr std::array runs = {&run_panel<1>, &run_panel<2>, &run_panel<3>,
                                      &run_panel<4>, &run_panel<5>, &run_panel<6>};
  static_assert(runs.size() == most_rows_of_panels);
  runs[static_cast<std::size_t>(p.sizes.m - 1)](p, panel, column);
}

}  // namespace
}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heed::cpu {

namespace {

HWY_EXPORT(run_stored_columns_any);
HWY_EXPORT(run_panel_any);
HWY_EXPORT(store_panel);

// Numbers to compare the order of sums by.
class TrialNumbers {
 public:
  std::vector<float> next(std::int64_t count) {
    std::vector<float> result(static_cast<std::size_t>(count));
    for (float& value : result) {
      state_ = state_ * 1664525u + 1013904223u;
      value = static_cast<float>(static_cast<std::int32_t>(state_)) * 0x1p-31f;
    }
    return result;
  }

 private:
  std::uint32_t state_ = 1;
};

constexpr std::int64_t trial_columns = panel_columns;

// A product of one row, a panel wide, whose c, which takes part, and bias are given.
Product trial_product(std::int64_t k, std::span<const float> a, std::span<const float> b,
                      std::span<const float> bias, std::span<float> c) {
  return {.sizes = {.m = 1, .n = trial_columns, .k = k},
          .a = a.data(),
          .a_stride = k,
          .b = {.data = b.data(), .stride = k, .transposed = true, .n = trial_columns},
          .c = c.data(),
          .c_stride = trial_columns,
          .bias = bias.data(),
          .accumulate = true,
          .plan = {k, k}};
}

bool same_bits(std::span<const float> a, std::span<const float> b) {
  return std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

// Whether a tile of this depth has the bits of run_stored_columns_any(), bias and what c held
// included: the depth of chains, which is depth_of_chains(), or 0.
std::int64_t float_chains(std::int64_t k) {
  TrialNumbers numbers;
  const auto a = numbers.next(k), b = numbers.next(trial_columns * k),
             bias = numbers.next(trial_columns);
  auto tile_c = numbers.next(trial_columns);
  auto c = tile_c;
  std::vector<float> panel(b.size());
  pack_panels_transposed(PackSource{b.data(), k, trial_columns, k}, k, PackedType::float32,
                         panel.data());
  run_tile({1, trial_columns, k, PackedType::float32, true, true}, a.data(), panel.data(),
           bias.data(), tile_c.data());
  HWY_DYNAMIC_DISPATCH(run_stored_columns_any)(trial_product(k, a, b, bias, c), 0, trial_columns);
  return same_bits(c, tile_c) ? depth_of_chains(k) : 0;
}

// The same in bfloat16 and of sum_rounded_rows(): the depth of chains with which it has the bits of
// a tile, or 0.
std::int64_t rounded_chains(std::int64_t k) {
  TrialNumbers numbers;
  const auto a = numbers.next(k), b = numbers.next(trial_columns * k),
             bias = numbers.next(trial_columns), before = numbers.next(trial_columns);
  std::vector<BFloat16> row(a.size()), panel(b.size());
  pack_rows(PackSource{a.data(), k, 1, k}, k, PackedType::bfloat16, row.data());
  pack_panels_transposed(PackSource{b.data(), k, trial_columns, k}, k, PackedType::bfloat16,
                         panel.data());
  auto tile_c = before;
  run_tile({1, trial_columns, k, PackedType::bfloat16, true, true}, row.data(), panel.data(),
           bias.data(), tile_c.data());
  for (const std::int64_t piece : {k, std::int64_t{1024}, std::int64_t{512}, std::int64_t{2048},
                                   std::int64_t{256}, std::int64_t{128}, std::int64_t{64}}) {
    std::vector<float> sums(trial_columns);
    sum_rounded_rows(row.data(), 1, k, piece, panel.data(), sums.data());
    auto c = before;
    HWY_DYNAMIC_DISPATCH(store_panel)(trial_product(k, a, b, bias, c), sums.data(), 0);
    if (same_bits(c, tile_c)) {
      return piece;
    }
  }
  return 0;
}

constexpr std::int64_t deepest = 16384;

// What a comparison of this depth told, compared once.
template <std::int64_t (*compare)(std::int64_t)>
std::int64_t known_chains(std::int64_t k) {
  constexpr std::int32_t unknown = 0, none = -1;
  static std::array<std::atomic<std::int32_t>, deepest / depth_unit + 1> answers{};
  auto& answer = answers[static_cast<std::size_t>(k / depth_unit)];
  std::int32_t chains = answer.load(std::memory_order_relaxed);
  if (chains == unknown) {
    chains = static_cast<std::int32_t>(compare(k));
    answer.store(chains == 0 ? none : chains, std::memory_order_relaxed);
  }
  return std::max<std::int32_t>(chains, 0);
}

// How many products go without a packed copy, which costs as much as some dozens of products of one
// row, and as some of more: it is read, and fresh memory cleared and written. A program that
// translates one sentence does without.
int patience(const Product& p) {
  return p.sizes.m <= 2 ? 40 : 8;
}

bool worth_a_copy(const Product& p) {
  return p.b.stamp != 0 && worth_packing(p.b, p.plan, p.type, patience(p));
}

}  // namespace

namespace {

bool takes_rounded_rows(const Product& p) {
  return p.type == PackedType::bfloat16 && p.sizes.m <= most_rows_of_panels && p.b.stamp != 0 &&
         sums_rounded_rows() && known_chains<rounded_chains>(p.sizes.k) > 0;
}

// Columns of a task of some five microseconds.
std::int64_t columns_of_task(const Product& p) {
  constexpr std::int64_t least_elements = 1 << 16;
  const std::int64_t tasks =
      std::clamp<std::int64_t>(p.sizes.n * p.sizes.k / least_elements, 1, 32);
  return round_up((p.sizes.n + tasks - 1) / tasks, panel_columns);
}

// Calls run(first, end) for the columns of each task.
template <typename Run>
void run_by_columns(ExecutionContext& context, const Product& p, Run&& run) {
  const std::int64_t columns = columns_of_task(p);
  run_in_pool(context, (p.sizes.n + columns - 1) / columns, [&](std::int64_t task) {
    run(task * columns, std::min(p.sizes.n, (task + 1) * columns));
  });
}

void run_rounded_rows(ExecutionContext& context, const Product& p) {
  const std::int64_t k = p.sizes.k, piece = known_chains<rounded_chains>(k);
  std::vector<BFloat16> rows;
  const BFloat16* a = p.rounded_a;
  if (a == nullptr || p.a_stride != k) {
    rows.resize(static_cast<std::size_t>(p.sizes.m * k));
    if (a != nullptr) {
      pack_rows(RoundedSource{a, p.a_stride, p.sizes.m, k}, k, rows.data());
    } else {
      pack_rows(PackSource{p.a, p.a_stride, p.sizes.m, k}, k, p.type, rows.data());
    }
    a = rows.data();
  }
  const auto packed = packed_weights(context, p.b, p.plan, p.type);
  run_by_columns(context, p, [&](std::int64_t begin, std::int64_t end) {
    float sums[most_rows_of_panels * panel_columns];
    for (std::int64_t column = begin; column < end; column += panel_columns) {
      const auto* panel = reinterpret_cast<const BFloat16*>(packed->panels(0, column));
      sum_rounded_rows(a, p.sizes.m, k, piece, panel, sums);
      HWY_DYNAMIC_DISPATCH(store_panel)(p, sums, column);
    }
  });
}

bool takes_float_rows(const Product& p) {
  return p.type == PackedType::float32 && (p.sizes.m <= most_rows_of_panels || !worth_a_copy(p)) &&
         known_chains<float_chains>(p.sizes.k) > 0;
}

void run_float_rows(ExecutionContext& context, const Product& p) {
  const auto packed = p.sizes.m <= most_rows_of_panels && p.b.stamp != 0
                          ? packed_weights(context, p.b, p.plan, p.type, patience(p))
                          : nullptr;
  run_by_columns(context, p, [&](std::int64_t begin, std::int64_t end) {
    if (packed == nullptr) {
      HWY_DYNAMIC_DISPATCH(run_stored_columns_any)(p, begin, end);
      return;
    }
    for (std::int64_t column = begin; column < end; column += panel_columns) {
      const auto* panel = reinterpret_cast<const float*>(packed->panels(0, column));
      HWY_DYNAMIC_DISPATCH(run_panel_any)(p, panel, column);
    }
  });
}

}  // namespace

bool takes_few_rows(const Product& p) {
  return p.sizes.m <= most_rows && !p.a_transposed && p.b.transposed && p.alpha == 1 &&
         p.plan.count == 1 && p.sizes.k % depth_unit == 0 && p.sizes.k <= deepest &&
         tiles_use_avx512(p.type) && (takes_float_rows(p) || takes_rounded_rows(p));
}

void run_few_rows(ExecutionContext& context, const Product& p) {
  if (p.type == PackedType::bfloat16) {
    run_rounded_rows(context, p);
  } else {
    run_float_rows(context, p);
  }
}

}  // namespace heed::cpu
#endif  // HWY_ONCE
