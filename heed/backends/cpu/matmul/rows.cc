#include "heed/backends/cpu/matmul/rows.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <span>
#include <vector>

#include "heed/backends/cpu/matmul/float_rows.h"
#include "heed/backends/cpu/matmul/rounded_rows.h"

namespace heed::cpu {

namespace {

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

// Whether a tile of this depth has the bits of run_stored_columns(), bias and what c held
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
  run_stored_columns(trial_product(k, a, b, bias, c), 0, trial_columns);
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
    store_panel(trial_product(k, a, b, bias, c), sums.data(), 0);
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
  return p.type == PackedType::bfloat16 && p.sizes.m <= most_panel_rows && p.b.stamp != 0 &&
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
      pack_rows(RoundedSource{a, p.a_stride, p.sizes.m, k}, k, PackedType::bfloat16, rows.data());
    } else {
      pack_rows(PackSource{p.a, p.a_stride, p.sizes.m, k}, k, p.type, rows.data());
    }
    a = rows.data();
  }
  const auto packed = packed_weights(context, p.b, p.plan, p.type);
  run_by_columns(context, p, [&](std::int64_t begin, std::int64_t end) {
    float sums[most_panel_rows * panel_columns];
    for (std::int64_t column = begin; column < end; column += panel_columns) {
      const auto* panel = reinterpret_cast<const BFloat16*>(packed->panels(0, column));
      sum_rounded_rows(a, p.sizes.m, k, piece, panel, sums);
      store_panel(p, sums, column);
    }
  });
}

// Where products of float32 stand for those of bfloat16 the weight is still read as bfloat16.
bool takes_widened_rows(const Product& p) {
  return p.type == PackedType::rounded && p.sizes.m <= most_panel_rows && p.b.stamp != 0 &&
         known_chains<float_chains>(p.sizes.k) > 0;
}

void run_widened_rows(ExecutionContext& context, const Product& p) {
  const std::int64_t k = p.sizes.k;
  std::vector<float> rows(static_cast<std::size_t>(p.sizes.m * k));
  if (p.rounded_a != nullptr) {
    pack_rows(RoundedSource{p.rounded_a, p.a_stride, p.sizes.m, k}, k, p.type, rows.data());
  } else {
    pack_rows(PackSource{p.a, p.a_stride, p.sizes.m, k}, k, p.type, rows.data());
  }
  Product widened = p;
  widened.a = rows.data();
  widened.a_stride = k;
  const auto packed = packed_weights(context, p.b, p.plan, PackedType::bfloat16);
  run_by_columns(context, p, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t column = begin; column < end; column += panel_columns) {
      run_panel(widened, PackedType::bfloat16, packed->panels(0, column), column);
    }
  });
}

bool takes_float_rows(const Product& p) {
  return p.type == PackedType::float32 && (p.sizes.m <= most_panel_rows || !worth_a_copy(p)) &&
         known_chains<float_chains>(p.sizes.k) > 0;
}

void run_float_rows(ExecutionContext& context, const Product& p) {
  const auto packed = p.sizes.m <= most_panel_rows && p.b.stamp != 0
                          ? packed_weights(context, p.b, p.plan, p.type, patience(p))
                          : nullptr;
  run_by_columns(context, p, [&](std::int64_t begin, std::int64_t end) {
    if (packed == nullptr) {
      run_stored_columns(p, begin, end);
      return;
    }
    for (std::int64_t column = begin; column < end; column += panel_columns) {
      run_panel(p, p.type, packed->panels(0, column), column);
    }
  });
}

}  // namespace

bool takes_few_rows(const Product& p) {
  return p.sizes.m <= most_stored_rows && !p.a_transposed && p.b.transposed && p.alpha == 1 &&
         p.plan.count == 1 && p.sizes.k % depth_unit == 0 && p.sizes.k <= deepest &&
         tiles_use_avx512(p.type) &&
         (takes_float_rows(p) || takes_rounded_rows(p) || takes_widened_rows(p));
}

void run_few_rows(ExecutionContext& context, const Product& p) {
  if (p.type == PackedType::bfloat16) {
    run_rounded_rows(context, p);
  } else if (p.type == PackedType::rounded) {
    run_widened_rows(context, p);
  } else {
    run_float_rows(context, p);
  }
}

}  // namespace heed::cpu
