#include "heed/backends/cpu/matmul_rows.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <vector>

#include "heed/backends/cpu/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "heed/backends/cpu/matmul_rows.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "heed/backends/cpu/matmul_finish-inl.h"
#include "heed/backends/cpu/transpose-inl.h"
#include "hwy/cache_control.h"

#ifndef HEED_BACKENDS_CPU_MATMUL_ROWS_
#define HEED_BACKENDS_CPU_MATMUL_ROWS_
namespace heed::cpu {
namespace {

constexpr std::int64_t most_rows = 16;

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

}  // namespace
}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heed::cpu {

namespace {

HWY_EXPORT(run_stored_columns_any);

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

}  // namespace

bool takes_stored_rows(const Product& p) {
  // A product of so few rows waits for the weight alone, packed or not.
  constexpr std::int64_t never_packed_for = 2;
  return p.sizes.m <= most_rows && p.type == PackedType::float32 && !p.a_transposed &&
         p.b.transposed && p.alpha == 1 && p.plan.count == 1 && p.sizes.k % depth_unit == 0 &&
         p.sizes.k <= deepest && tiles_use_avx512(p.type) &&
         (p.sizes.m <= never_packed_for || p.b.stamp == 0 || !worth_packing(p.b, p.plan, p.type)) &&
         tiles_are_known_to_sum_alike(p.sizes.k);
}

void run_stored_rows(ExecutionContext& context, const Product& p) {
  // Tasks of some five microseconds.
  constexpr std::int64_t least_elements = 1 << 16;
  const std::int64_t tasks =
      std::clamp<std::int64_t>(p.sizes.n * p.sizes.k / least_elements, 1, 32);
  const std::int64_t columns = round_up((p.sizes.n + tasks - 1) / tasks, 16);
  run_in_pool(context, (p.sizes.n + columns - 1) / columns, [&](std::int64_t task) {
    HWY_DYNAMIC_DISPATCH(run_stored_columns_any)
    (p, task * columns, std::min(p.sizes.n, (task + 1) * columns));
  });
}

}  // namespace heed::cpu
#endif  // HWY_ONCE
