// A product and what happens to one rectangle of its result.
#pragma once

#include <cstdint>

#include "heed/backends/cpu/matmul/pack.h"
#include "heed/backends/cpu/matmul/tile.h"
#include "heed/backends/cpu/matmul/weights.h"
#include "heed/kernels/matmul.h"

namespace heed::cpu {

// A product as its tiles see it.
struct Product {
  MatmulSizes sizes;
  const float* a = nullptr;
  const BFloat16* rounded_a = nullptr;  // in place of `a`; not transposed
  std::int64_t a_stride = 0;
  bool a_transposed = false;
  RightOperand b;
  float* c = nullptr;
  std::int64_t c_stride = 0;
  const float* bias = nullptr;
  bool accumulate = false;
  bool relu = false;
  float alpha = 1;
  PackedType type = PackedType::float32;
  DepthPlan plan;

  std::int64_t columns() const { return round_up(sizes.n, panel_columns); }
};

// The widest product that is formed in scratch memory at once: half of the second-level cache.
constexpr std::int64_t scratch_columns = 512;

// One visit of all blocks of c, over the chunks first … last-1 of the summed axis.
struct Visit {
  const PackedRight* b = nullptr;
  std::int64_t first = 0, last = 0;
  bool begins = true;  // nothing was added to c before
  bool ends = true;    // nothing will be
};

// A rectangle of c.
struct Block {
  std::int64_t row = 0, rows = 0;
  std::int64_t column = 0, columns = 0;
};

// Forms `block` of c over the chunks of the visit.
//
// c takes part in the sums itself, or a copy of it in scratch memory where its rows do not lie side
// by side as oneDNN needs them; a product that is to be scaled is formed apart and added last. So
// the order of the sums does not depend on how c lies or is cut.
void run_block(const Product& product, const Visit& visit, const Block& block);

// sums[m, columns] = a · b over the chunks first … last-1, which are packed for this call alone.
void run_piece(const Product& product, std::int64_t first, std::int64_t last, float* sums);

template <typename Tile>
void run_in_pool(ExecutionContext& context, std::int64_t count, Tile&& tile) {
  if (context.pool != nullptr) {
    context.pool->run(count, tile);
  } else {
    for (std::int64_t index = 0; index < count; ++index) {
      tile(index);
    }
  }
}

}  // namespace heed::cpu
