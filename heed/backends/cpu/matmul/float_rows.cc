#include "heed/backends/cpu/matmul/float_rows.h"

#include <algorithm>
#include <array>

#include "heed/backends/cpu/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "heed/backends/cpu/matmul/float_rows.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "heed/backends/cpu/matmul/finish-inl.h"
#include "heed/backends/cpu/simd/transpose-inl.h"
#include "hwy/cache_control.h"

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
  HWY_ALIGN float total[most_stored_rows * block_size];
  HWY_ALIGN float sums[most_stored_rows * block_size];
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
void store_panel_any(const Product& p, const float* sums, std::int64_t column) {
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

// Panels of a weight as they are packed: two neighbours in depth of the columns from `v` on.
struct FloatPanel {
  static HWY_INLINE void load(FloatTag d, const void* panel, std::int64_t depth, std::int64_t v,
                              FloatVec& even, FloatVec& odd) {
    const float* at = static_cast<const float*>(panel) + depth * panel_columns + v;
    hwy::Prefetch(at + ahead / sizeof(float));
    hwy::Prefetch(at + panel_columns + ahead / sizeof(float));
    even = hn::LoadU(d, at);
    odd = hn::LoadU(d, at + panel_columns);
  }
  // A page: the panels lie one after the other, but the processor itself stops at its end.
  static constexpr std::size_t ahead = 4096;
};

// In bfloat16, widened in registers.
struct RoundedPanel {
  static HWY_INLINE void load(FloatTag d, const void* panel, std::int64_t depth, std::int64_t v,
                              FloatVec& even, FloatVec& odd) {
    const WordTag words;
    const auto* at = static_cast<const std::uint32_t*>(panel) + depth / 2 * panel_columns + v;
    hwy::Prefetch(at + FloatPanel::ahead / sizeof(float));
    const auto pair = hn::LoadU(words, at);
    even = hn::BitCast(d, hn::ShiftLeft<16>(pair));
    odd = hn::BitCast(d, hn::And(pair, hn::Set(words, 0xFFFF0000u)));
  }
};

// All rows, kRows, times one panel of the weight, which holds the columns from `column` on.
template <int kRows, class Panel>
void run_rows(const Product& p, const void* panel, std::int64_t column) {
  const FloatTag d;
  constexpr int unrolled = 2;  // pairs in depth; they divide depth_unit
  HWY_ALIGN float total[kRows][panel_columns];
  const std::int64_t k = p.sizes.k;
  const std::int64_t piece = depth_of_chains(k);
  for (std::int64_t begin = 0; begin < k; begin += piece) {
    FloatVec sums[kRows][panel_vectors];
    for (auto& of_row : sums) {
      std::fill(of_row, of_row + panel_vectors, hn::Zero(d));
    }
    const std::int64_t end = std::min(k, begin + piece);
    for (std::int64_t depth = begin; depth < end; depth += 2 * unrolled) {
      for (int step = 0; step < 2 * unrolled; step += 2) {
        FloatVec even[panel_vectors], odd[panel_vectors];
        for (int v = 0; v < panel_vectors; ++v) {
          Panel::load(d, panel, depth + step, v * square, even[v], odd[v]);
        }
        for (int r = 0; r < kRows; ++r) {
          const float* at = p.a + r * p.a_stride + depth + step;
          for (int v = 0; v < panel_vectors; ++v) {
            sums[r][v] = hn::MulAdd(hn::Set(d, at[0]), even[v], sums[r][v]);
          }
          for (int v = 0; v < panel_vectors; ++v) {
            sums[r][v] = hn::MulAdd(hn::Set(d, at[1]), odd[v], sums[r][v]);
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
  store_panel_any(p, &total[0][0], column);
}

template <class Panel>
void run_panel_of_rows(const Product& p, const void* panel, std::int64_t column) {
  static constexpr std::array runs = {&run_rows<1, Panel>, &run_rows<2, Panel>,
                                      &run_rows<3, Panel>, &run_rows<4, Panel>,
                                      &run_rows<5, Panel>, &run_rows<6, Panel>};
  static_assert(runs.size() == most_panel_rows);
  runs[static_cast<std::size_t>(p.sizes.m - 1)](p, panel, column);
}
void run_panel_any(const Product& p, const void* panel, std::int64_t column) {
  run_panel_of_rows<FloatPanel>(p, panel, column);
}
void run_rounded_panel_any(const Product& p, const void* panel, std::int64_t column) {
  run_panel_of_rows<RoundedPanel>(p, panel, column);
}

}  // namespace
}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heed::cpu {

namespace {
HWY_EXPORT(run_stored_columns_any);
HWY_EXPORT(run_panel_any);
HWY_EXPORT(run_rounded_panel_any);
HWY_EXPORT(store_panel_any);
}  // namespace

std::int64_t depth_of_chains(std::int64_t k) {
  return k <= 1024 ? 512 : 1024;
}

void run_stored_columns(const Product& product, std::int64_t begin, std::int64_t end) {
  HWY_DYNAMIC_DISPATCH(run_stored_columns_any)(product, begin, end);
}
void run_panel(const Product& product, PackedType type, const void* panel, std::int64_t column) {
  if (type == PackedType::bfloat16) {
    HWY_DYNAMIC_DISPATCH(run_rounded_panel_any)(product, panel, column);
  } else {
    HWY_DYNAMIC_DISPATCH(run_panel_any)(product, panel, column);
  }
}
void store_panel(const Product& product, const float* sums, std::int64_t column) {
  HWY_DYNAMIC_DISPATCH(store_panel_any)(product, sums, column);
}

}  // namespace heed::cpu
#endif  // HWY_ONCE
