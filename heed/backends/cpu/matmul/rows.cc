#include "heed/backends/cpu/matmul/rows.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <vector>

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
  for (int r = 0; r < kRows; ++r) {
    float* c = p.c + r * p.c_stride;
    for (std::int64_t v = 0; v < panel_columns && column + v < p.sizes.n; v += square) {
      const auto used = static_cast<std::size_t>(std::min(square, p.sizes.n - column - v));
      const auto first = static_cast<std::size_t>(column + v);
      store(d, finish_product(d, hn::Load(d, total[r] + v), p, c, first, used), c + first, used);
    }
  }
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

// Whether a tile of this depth has the bits of run_stored_columns_any(), bias and what c held
// included.
bool tiles_sum_alike(std::int64_t k) {
  constexpr std::int64_t n = panel_columns;
  auto numbers = [state = std::uint32_t{1}](std::int64_t count) mutable {
    std::vector<float> result(static_cast<std::size_t>(count));
    for (float& value : result) {
      state = state * 1664525u + 1013904223u;
      value = static_cast<float>(static_cast<std::int32_t>(state)) * 0x1p-31f;
    }
    return result;
  };
  const auto a = numbers(k), b = numbers(n * k), bias = numbers(n);
  auto tile_c = numbers(n);
  auto c = tile_c;
  std::vector<float> panel(b.size());
  pack_panels_transposed({b.data(), k, n, k}, k, PackedType::float32, panel.data());
  run_tile({1, n, k, PackedType::float32, true, true}, a.data(), panel.data(), bias.data(),
           tile_c.data());
  const Product product{.sizes = {.m = 1, .n = n, .k = k},
                        .a = a.data(),
                        .a_stride = k,
                        .b = {.data = b.data(), .stride = k, .transposed = true, .n = n},
                        .c = c.data(),
                        .c_stride = n,
                        .bias = bias.data(),
                        .accumulate = true,
                        .plan = {k, k}};
  HWY_DYNAMIC_DISPATCH(run_stored_columns_any)(product, 0, n);
  return std::memcmp(c.data(), tile_c.data(), c.size() * sizeof(float)) == 0;
}

constexpr std::int64_t deepest = 16384;

// The same, compared once.
bool tiles_are_known_to_sum_alike(std::int64_t k) {
  enum class Answer : std::uint8_t { unknown, no, yes };
  static std::array<std::atomic<Answer>, deepest / depth_unit + 1> answers{};
  auto& answer = answers[static_cast<std::size_t>(k / depth_unit)];
  if (answer.load(std::memory_order_relaxed) == Answer::unknown) {
    answer.store(tiles_sum_alike(k) ? Answer::yes : Answer::no, std::memory_order_relaxed);
  }
  return answer.load(std::memory_order_relaxed) == Answer::yes;
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

bool takes_few_rows(const Product& p) {
  return p.sizes.m <= most_rows && p.type == PackedType::float32 && !p.a_transposed &&
         p.b.transposed && p.alpha == 1 && p.plan.count == 1 && p.sizes.k % depth_unit == 0 &&
         p.sizes.k <= deepest && tiles_use_avx512(p.type) &&
         (p.sizes.m <= most_rows_of_panels || !worth_a_copy(p)) &&
         tiles_are_known_to_sum_alike(p.sizes.k);
}

void run_few_rows(ExecutionContext& context, const Product& p) {
  // Tasks of some five microseconds.
  constexpr std::int64_t least_elements = 1 << 16;
  const std::int64_t tasks =
      std::clamp<std::int64_t>(p.sizes.n * p.sizes.k / least_elements, 1, 32);
  const std::int64_t columns = round_up((p.sizes.n + tasks - 1) / tasks, panel_columns);
  const auto packed = p.sizes.m <= most_rows_of_panels && p.b.stamp != 0
                          ? packed_weights(context, p.b, p.plan, p.type, patience(p))
                          : nullptr;
  run_in_pool(context, (p.sizes.n + columns - 1) / columns, [&](std::int64_t task) {
    const std::int64_t end = std::min(p.sizes.n, (task + 1) * columns);
    if (packed == nullptr) {
      HWY_DYNAMIC_DISPATCH(run_stored_columns_any)(p, task * columns, end);
      return;
    }
    for (std::int64_t column = task * columns; column < end; column += panel_columns) {
      const auto* panel = reinterpret_cast<const float*>(packed->panels(0, column));
      HWY_DYNAMIC_DISPATCH(run_panel_any)(p, panel, column);
    }
  });
}

}  // namespace heed::cpu
#endif  // HWY_ONCE
