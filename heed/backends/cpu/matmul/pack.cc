#include "heed/backends/cpu/matmul/pack.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "heed/backends/cpu/simd/targets.h"
#include "heed/base/error.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "heed/backends/cpu/matmul/pack.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "heed/backends/cpu/matmul/finish-inl.h"
#include "heed/backends/cpu/matmul/load-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {
namespace {

// The widest square of floats that a step reads: a block of words along depth in bfloat16.
constexpr std::int64_t edge_size = 2 * 16;

// Copies rows × columns floats into a square with zeros around them.
HWY_INLINE void copy_edge(const float* source, std::int64_t stride, std::int64_t rows,
                          std::int64_t columns, float* edge) {
  std::memset(edge, 0, edge_size * edge_size * sizeof(float));
  for (std::int64_t r = 0; r < rows; ++r) {
    std::memcpy(edge + r * edge_size, source + r * stride,
                static_cast<std::size_t>(columns) * sizeof(float));
  }
}

// Calls step(i, j, at, stride) for all blocks of outer_step × inner_step floats that cover
// outer_end × inner_end; at the edges of the source `at` points to a copy padded with zeros.
// It walks down the source in strips of `strip` floats.
template <class Step>
HWY_INLINE void for_each_block(const PackSource& source, std::int64_t outer_end,
                               std::int64_t inner_end, std::int64_t outer_step,
                               std::int64_t inner_step, std::int64_t strip, Step&& step) {
  HWY_ALIGN float edge[edge_size * edge_size];
  const auto visit = [&](std::int64_t i, std::int64_t j) HEED_SIMD_LAMBDA {
    const std::int64_t rows = std::clamp<std::int64_t>(source.outer - i, 0, outer_step);
    const std::int64_t columns = std::clamp<std::int64_t>(source.inner - j, 0, inner_step);
    if (HWY_LIKELY(rows == outer_step && columns == inner_step)) {
      step(i, j, source.data + i * source.stride + j, source.stride);
    } else {
      // With nothing left there is no address to form.
      const bool empty = rows == 0 || columns == 0;
      copy_edge(empty ? nullptr : source.data + i * source.stride + j, source.stride,
                empty ? 0 : rows, columns, edge);
      step(i, j, edge, edge_size);
    }
  };
  for (std::int64_t begin = 0; begin < inner_end; begin += strip) {
    const std::int64_t end = std::min(inner_end, begin + strip);
    for (std::int64_t i = 0; i < outer_end; i += outer_step) {
      for (std::int64_t j = begin; j < end; j += inner_step) {
        visit(i, j);
      }
    }
  }
}

// Transposes a block of words: loads `load(r)`, stores lane-wise at to + j * to_stride.
template <class Load>
HWY_INLINE void transpose_words(std::uint32_t* to, std::int64_t to_stride, Load&& load) {
  const WordTag d;
  WordVec rows[block_size];
  for (std::int64_t r = 0; r < words_per_vector; ++r) {
    rows[r] = load(d, r);
  }
  transpose_block(d, rows);
  for (std::int64_t r = 0; r < words_per_vector; ++r) {
    hn::StoreU(rows[r], d, to + r * to_stride);
  }
}

template <class Load>
void pack_rows_with(const PackSource& source, std::int64_t depth, std::uint32_t* packed) {
  constexpr std::int64_t step = words_per_vector * Load::depth_per_word;
  const std::int64_t words = depth / Load::depth_per_word;
  for_each_block(
      source, source.outer, depth, 1, step, depth,
      [&](std::int64_t row, std::int64_t p, const float* at, std::int64_t) HEED_SIMD_LAMBDA {
        const WordTag d;
        hn::StoreU(Load::along(d, at), d, packed + row * words + p / Load::depth_per_word);
      });
}

template <class Load>
void pack_rows_transposed_with(const PackSource& source, std::int64_t depth,
                               std::uint32_t* packed) {
  constexpr std::int64_t step = words_per_vector * Load::depth_per_word;
  const std::int64_t words = depth / Load::depth_per_word;
  HWY_ALIGN std::uint32_t last[block_size * block_size];
  for_each_block(
      source, depth, source.inner, step, words_per_vector, 2 * words_per_vector,
      [&](std::int64_t p, std::int64_t row, const float* at, std::int64_t stride) HEED_SIMD_LAMBDA {
        const std::int64_t rows = std::min(words_per_vector, source.inner - row);
        std::uint32_t* to = packed + row * words + p / Load::depth_per_word;
        const bool whole = rows == words_per_vector;
        transpose_words(whole ? to : last, whole ? words : words_per_vector,
                        [&](WordTag d, std::int64_t r) HEED_SIMD_LAMBDA {
                          return Load::across(d, at + r * Load::depth_per_word * stride, stride);
                        });
        for (std::int64_t r = 0; !whole && r < rows; ++r) {
          std::memcpy(to + r * words, last + r * words_per_vector,
                      sizeof(std::uint32_t) * block_size);
        }
      });
}

// Where the words of column j at depth p lie.
template <class Load>
HWY_INLINE std::uint32_t* panel_word(std::uint32_t* packed, std::int64_t depth, std::int64_t p,
                                     std::int64_t column) {
  constexpr std::int64_t per_word = Load::depth_per_word;
  return packed + column / panel_columns * (depth / per_word * panel_columns) +
         p / per_word * panel_columns + column % panel_columns;
}

template <class Load>
void pack_panels_with(const PackSource& source, std::int64_t rows, std::int64_t depth,
                      std::uint32_t* packed) {
  const std::int64_t columns = round_up(source.inner, panel_columns);
  for_each_block(source, rows, columns, Load::depth_per_word, words_per_vector, columns,
                 [&](std::int64_t p, std::int64_t column, const float* at, std::int64_t stride)
                     HEED_SIMD_LAMBDA {
                       const WordTag d;
                       hn::StoreU(Load::across(d, at, stride), d,
                                  panel_word<Load>(packed, depth, p, column));
                     });
}

template <class Load>
void pack_panels_transposed_with(const PackSource& source, std::int64_t depth,
                                 std::uint32_t* packed) {
  constexpr std::int64_t step = words_per_vector * Load::depth_per_word;
  for_each_block(source, round_up(source.outer, panel_columns), depth, words_per_vector, step,
                 8 * words_per_vector,
                 [&](std::int64_t column, std::int64_t p, const float* at, std::int64_t stride)
                     HEED_SIMD_LAMBDA {
                       transpose_words(panel_word<Load>(packed, depth, p, column), panel_columns,
                                       [&](WordTag d, std::int64_t r) HEED_SIMD_LAMBDA {
                                         return Load::along(d, at + r * stride);
                                       });
                     });
}

// Words of two neighbours in depth, for columns that lie side by side in both rows; `count` of
// them, the others 0. Without a second row its halves are 0.
HWY_INLINE WordVec load_pairs(WordTag d, const BFloat16* even, const BFloat16* odd,
                              std::int64_t count) {
  const hn::Rebind<std::uint16_t, WordTag> d16;
  const auto half = [&](const BFloat16* row) HEED_SIMD_LAMBDA {
    HWY_ALIGN std::uint16_t buffer[block_size] = {};
    const bool whole = count == words_per_vector;
    if (!whole) {
      std::memcpy(buffer, row, static_cast<std::size_t>(count) * sizeof(std::uint16_t));
    }
    return hn::PromoteTo(
        d, hn::LoadU(d16, whole ? reinterpret_cast<const std::uint16_t*>(row) : buffer));
  };
  const auto low = half(even);
  return odd == nullptr ? low : hn::Or(low, hn::ShiftLeft<16>(half(odd)));
}

void pack_rounded_panels(const RoundedSource& source, std::int64_t rows, std::int64_t depth,
                         std::uint32_t* packed) {
  const WordTag d;
  for (std::int64_t p = 0; p < rows; p += 2) {
    const BFloat16* even = source.data + p * source.stride;
    const BFloat16* odd = p + 1 < source.outer ? even + source.stride : nullptr;
    for (std::int64_t column = 0; column < round_up(source.inner, panel_columns);
         column += words_per_vector) {
      const std::int64_t left = p < source.outer ? source.inner - column : 0;
      const std::int64_t count = std::clamp<std::int64_t>(left, 0, words_per_vector);
      const auto words =
          count == 0 ? hn::Zero(d)
                     : load_pairs(d, even + column, odd == nullptr ? nullptr : odd + column, count);
      hn::StoreU(words, d, panel_word<LoadBFloat16>(packed, depth, p, column));
    }
  }
}

// to[count] floats from bfloat16, those beyond `used` 0.
HWY_INLINE void widen(const BFloat16* from, std::int64_t used, std::int64_t count, float* to) {
  const WordTag d;
  const hn::Rebind<std::uint16_t, WordTag> d16;
  const auto* bits = reinterpret_cast<const std::uint16_t*>(from);
  auto* words = reinterpret_cast<std::uint32_t*>(to);
  std::int64_t i = 0;
  for (; i + words_per_vector <= used; i += words_per_vector) {
    hn::StoreU(hn::ShiftLeft<16>(hn::PromoteTo(d, hn::LoadU(d16, bits + i))), d, words + i);
  }
  for (; i < count; ++i) {
    words[i] = i < used ? std::uint32_t{bits[i]} << 16 : 0;
  }
}

void widen_rows(const RoundedSource& source, std::int64_t depth, float* packed) {
  for (std::int64_t row = 0; row < source.outer; ++row) {
    widen(source.data + row * source.stride, source.inner, depth, packed + row * depth);
  }
}

void widen_panels(const RoundedSource& source, std::int64_t rows, std::int64_t depth,
                  float* packed) {
  for (std::int64_t p = 0; p < rows; ++p) {
    for (std::int64_t column = 0; column < source.inner; column += panel_columns) {
      float* to = packed + column * depth + p * panel_columns;
      const std::int64_t used = std::min(panel_columns, source.inner - column);
      if (p < source.outer) {
        widen(source.data + p * source.stride + column, used, panel_columns, to);
      } else {
        std::fill(to, to + panel_columns, 0.0f);
      }
    }
  }
}

// Calls call(loader, packed words).
template <class Call>
HWY_INLINE void with_loader(PackedType type, void* packed, Call&& call) {
  auto* words = static_cast<std::uint32_t*>(packed);
  switch (type) {
    case PackedType::float32:
      return call(LoadFloat(), words);
    case PackedType::rounded:
      return call(LoadRounded(), words);
    case PackedType::bfloat16:
#if HWY_CAP_GE512 && HWY_ARCH_X86
      if (machine_converts_bfloat16()) {
        return call(LoadNativeBFloat16(), words);
      }
#endif
      return call(LoadBFloat16(), words);
    case PackedType::int8:
      return;
  }
}

void pack_rows_any(const PackSource& source, std::int64_t depth, PackedType type, void* packed) {
  with_loader(type, packed, [&](auto loader, std::uint32_t* words) {
    pack_rows_with<decltype(loader)>(source, depth, words);
  });
}
void pack_rows_transposed_any(const PackSource& source, std::int64_t depth, PackedType type,
                              void* packed) {
  with_loader(type, packed, [&](auto loader, std::uint32_t* words) {
    pack_rows_transposed_with<decltype(loader)>(source, depth, words);
  });
}
void pack_panels_any(const PackSource& source, std::int64_t rows, std::int64_t depth,
                     PackedType type, void* packed) {
  with_loader(type, packed, [&](auto loader, std::uint32_t* words) {
    pack_panels_with<decltype(loader)>(source, rows, depth, words);
  });
}
void pack_panels_transposed_any(const PackSource& source, std::int64_t depth, PackedType type,
                                void* packed) {
  with_loader(type, packed, [&](auto loader, std::uint32_t* words) {
    pack_panels_transposed_with<decltype(loader)>(source, depth, words);
  });
}

void store_tile_any(const StoreTile& tile) {
  const FloatTag d;
  const auto alpha = hn::Set(d, tile.alpha);
  for (std::int64_t r = 0; r < tile.rows; ++r) {
    const float* product = tile.product + r * tile.product_stride;
    float* c = tile.c + r * tile.c_stride;
    for_each_vector(d, 0, static_cast<std::size_t>(tile.columns),
                    [&](std::size_t j, std::size_t count) HEED_SIMD_LAMBDA {
                      const auto value = hn::Mul(alpha, load(d, product + j, count));
                      store(d, finish_product(d, value, tile, c, j, count), c + j, count);
                    });
  }
}

void sum_rows_any(const float* x, std::int64_t stride, std::int64_t rows, std::int64_t columns,
                  float* sums) {
  const FloatTag d;
  for_each_vector(d, 0, static_cast<std::size_t>(columns),
                  [&](std::size_t j, std::size_t count) HEED_SIMD_LAMBDA {
                    auto even = hn::Zero(d);
                    auto odd = hn::Zero(d);
                    std::int64_t r = 0;
                    for (; r + 2 <= rows; r += 2) {
                      even = hn::Add(even, load(d, x + r * stride + j, count));
                      odd = hn::Add(odd, load(d, x + (r + 1) * stride + j, count));
                    }
                    if (r < rows) {
                      even = hn::Add(even, load(d, x + r * stride + j, count));
                    }
                    store(d, hn::Add(even, odd), sums + j, count);
                  });
}

}  // namespace
}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heed::cpu {

namespace {
HWY_EXPORT(pack_rows_any);
HWY_EXPORT(pack_rows_transposed_any);
HWY_EXPORT(pack_panels_any);
HWY_EXPORT(pack_panels_transposed_any);
HWY_EXPORT(pack_rounded_panels);
HWY_EXPORT(widen_rows);
HWY_EXPORT(widen_panels);
HWY_EXPORT(store_tile_any);
HWY_EXPORT(sum_rows_any);
}  // namespace

void pack_rows(const PackSource& source, std::int64_t depth, PackedType type, void* packed) {
  HWY_DYNAMIC_DISPATCH(pack_rows_any)(source, depth, type, packed);
}
void pack_rows(const RoundedSource& source, std::int64_t depth, PackedType type, void* packed) {
  if (type == PackedType::rounded) {
    HWY_DYNAMIC_DISPATCH(widen_rows)(source, depth, static_cast<float*>(packed));
    return;
  }
  auto* rows = static_cast<BFloat16*>(packed);
  for (std::int64_t row = 0; row < source.outer; ++row) {
    const BFloat16* from = source.data + row * source.stride;
    std::copy(from, from + source.inner, rows + row * depth);
    std::fill(rows + row * depth + source.inner, rows + (row + 1) * depth, BFloat16());
  }
}
void pack_rows_transposed(const PackSource& source, std::int64_t depth, PackedType type,
                          void* packed) {
  HWY_DYNAMIC_DISPATCH(pack_rows_transposed_any)(source, depth, type, packed);
}
void pack_panels(const PackSource& source, std::int64_t rows, std::int64_t depth, PackedType type,
                 void* packed) {
  HWY_DYNAMIC_DISPATCH(pack_panels_any)(source, rows, depth, type, packed);
}
void pack_panels_transposed(const PackSource& source, std::int64_t depth, PackedType type,
                            void* packed) {
  HWY_DYNAMIC_DISPATCH(pack_panels_transposed_any)(source, depth, type, packed);
}
void pack_panels_transposed(const RoundedSource& source, std::int64_t depth, PackedType type,
                            void* packed) {
  const bool whole_words = source.inner % 2 == 0 && source.stride % 2 == 0 &&
                           reinterpret_cast<std::uintptr_t>(source.data) % 4 == 0;
  if (type == PackedType::bfloat16 && whole_words) {
    // Two neighbours in depth are a word of the panel and one of the source: words are moved, as
    // those of float32 are.
    return pack_panels_transposed(PackSource{reinterpret_cast<const float*>(source.data),
                                             source.stride / 2, source.outer, source.inner / 2},
                                  depth / 2, PackedType::float32, packed);
  }
  // Panel by panel as float32, which rounds to the same bits again.
  thread_local std::vector<float> wide;
  wide.resize(static_cast<std::size_t>(panel_columns * source.inner));
  const std::size_t panel_bytes =
      static_cast<std::size_t>(panel_columns * depth) * packed_size(type);
  for (std::int64_t row = 0; row < source.outer; row += panel_columns) {
    const std::int64_t rows = std::min(panel_columns, source.outer - row);
    for (std::int64_t r = 0; r < rows; ++r) {
      const BFloat16* from = source.data + (row + r) * source.stride;
      std::transform(from, from + source.inner, wide.begin() + r * source.inner,
                     [](BFloat16 value) { return static_cast<float>(value); });
    }
    pack_panels_transposed(PackSource{wide.data(), source.inner, rows, source.inner}, depth, type,
                           static_cast<std::byte*>(packed) +
                               static_cast<std::size_t>(row / panel_columns) * panel_bytes);
  }
}
void pack_panels(const RoundedSource& source, std::int64_t rows, std::int64_t depth,
                 PackedType type, void* packed) {
  if (type == PackedType::rounded) {
    HWY_DYNAMIC_DISPATCH(widen_panels)(source, rows, depth, static_cast<float*>(packed));
    return;
  }
  HWY_DYNAMIC_DISPATCH(pack_rounded_panels)
  (source, rows, depth, static_cast<std::uint32_t*>(packed));
}
void store_tile(const StoreTile& tile) {
  HWY_DYNAMIC_DISPATCH(store_tile_any)(tile);
}
void sum_rows(const float* x, std::int64_t stride, std::int64_t rows, std::int64_t columns,
              float* sums) {
  HWY_DYNAMIC_DISPATCH(sum_rows_any)(x, stride, rows, columns, sums);
}

}  // namespace heed::cpu
#endif  // HWY_ONCE
