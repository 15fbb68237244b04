// Matrix products: how they are cut into tiles. What runs inside a tile is in tile.h.
//
// Tiles are cut by the sizes of the product alone, and every element of c is summed by one tile in
// a fixed order, or by several whose sums are added in a fixed order: the bits are the same at any
// number of threads. The order of sums in a row does not depend on the number of rows either
// (unless `a` is transposed: then its rows are summed over).
#include "heed/kernels/matmul.h"

#include <algorithm>
#include <vector>

#include "heed/backends/cpu/families.h"
#include "heed/backends/cpu/matmul/block.h"
#include "heed/backends/cpu/matmul/column_sums.h"
#include "heed/backends/cpu/matmul/int8.h"
#include "heed/backends/cpu/matmul/rows.h"
#include "heed/kernels/elementwise.h"
#include "heed/tensor/tensor.h"

namespace heed::cpu {

namespace {

// Where `a` is transposed, as in the gradient of a weight, the summed axis (tokens) differs from
// batch to batch: chunks of it have few different sizes. Elsewhere it is a size of the model and
// oneDNN itself cuts it, but for the memory that a packed block of rows takes.
constexpr std::int64_t packed_chunk = 2048;

DepthPlan depth_plan(std::int64_t k, const ConstView& a, bool a_transposed, PackedType type) {
  if (a_transposed) {
    return {k, type == PackedType::bfloat16 ? 512 : 256};
  }
  const bool as_it_lies = type == PackedType::float32 && k % depth_unit == 0 && a.row_stride() == k;
  return {k, as_it_lies ? k : packed_chunk};
}

// Blocks of rows × columns of c.
struct Grid {
  std::int64_t rows = 0, columns = 0;  // of a block
  std::int64_t blocks_down = 0, blocks_across = 0;

  std::int64_t count(const MatmulSizes& sizes) {
    blocks_down = (sizes.m + rows - 1) / rows;
    blocks_across = (sizes.n + columns - 1) / columns;
    return blocks_down * blocks_across;
  }
};

// Each block packs its rows of `a` and reads all of its columns of `b`: blocks are high and wide,
// but enough of them to share out evenly, and none of less than some 10 µs.
Grid grid_for(const Product& p) {
  constexpr std::int64_t least_work = 4 << 20;  // multiplications in a block
  Grid grid;
  grid.rows = 128;
  // Whole rows of c need no scratch memory; where little is summed, writing c is what costs.
  const std::int64_t widest = p.a_transposed ? scratch_columns : p.sizes.k <= 256 ? 8192 : 2048;
  grid.columns = std::min(p.columns(), widest);
  const auto enough = [&] {
    const std::int64_t count = grid.count(p.sizes);
    // Eight suffice where narrower blocks would cost more than an uneven share: whole rows would
    // go through scratch memory, long rows of `a` would be packed again for each block. The sizes
    // of a transposed `a` are the model's and share out evenly.
    const bool whole_rows = grid.columns == p.columns() && grid.columns > scratch_columns;
    const bool long_rows = p.sizes.k >= 4096;
    return count >= 16 || (count >= 8 && (whole_rows || long_rows || p.a_transposed)) ||
           (count == 4 && p.a_transposed);
  };
  while (!enough()) {
    const std::int64_t work = std::min(grid.rows, p.sizes.m) * grid.columns * p.sizes.k;
    if (work < 2 * least_work) {
      break;
    }
    if (grid.rows > 64 && p.sizes.m > 64) {
      grid.rows = 64;
    } else if (grid.columns > 2 * panel_columns) {
      grid.columns = round_up(grid.columns / 2, panel_columns);
    } else {
      break;
    }
  }
  return grid;
}

void run_visit(ExecutionContext& context, const Product& p, const Grid& grid, const Visit& visit) {
  run_in_pool(context, grid.blocks_down * grid.blocks_across, [&](std::int64_t index) {
    // Neighbours share their panels.
    const std::int64_t row = index % grid.blocks_down * grid.rows;
    const std::int64_t column = index / grid.blocks_down * grid.columns;
    run_block(p, visit,
              {row, std::min(grid.rows, p.sizes.m - row), column,
               std::min(grid.columns, p.sizes.n - column)});
  });
}

void run_in_blocks(ExecutionContext& context, const Product& p) {
  const Grid grid = grid_for(p);
  if (p.b.stamp != 0) {
    const auto packed = packed_weights(context, p.b, p.plan, p.type);
    run_visit(context, p, grid, {packed.get(), 0, p.plan.count, true, true});
    return;
  }
  // A stretch of b is packed, used while it is in the caches, and forgotten.
  constexpr std::int64_t stretch_elements = 1 << 19;
  const std::int64_t chunks =
      std::max<std::int64_t>(1, stretch_elements / (p.plan.chunk * p.columns()));
  for (std::int64_t first = 0; first < p.plan.count; first += chunks) {
    const std::int64_t last = std::min(p.plan.count, first + chunks);
    const PackedRight packed(context, p.b, p.plan, first, last, p.type);
    run_visit(context, p, grid, {&packed, first, last, first == 0, last == p.plan.count});
  }
}

// A small c summed over a long axis, as the gradient of a small weight is: pieces of the axis are
// the tiles, each with a c of its own; these are added up in order.
bool better_in_pieces(const Product& p) {
  return p.a_transposed && p.plan.count > 1 && p.sizes.m <= 1024 && p.columns() <= 1024 &&
         p.sizes.m * p.columns() <= 65536;
}

void run_in_pieces(ExecutionContext& context, const Product& p) {
  const std::int64_t most_pieces = p.sizes.m * p.columns() <= 16384 ? 32 : 8;
  const std::int64_t chunks = (p.plan.count + most_pieces - 1) / most_pieces;
  const std::int64_t pieces = (p.plan.count + chunks - 1) / chunks;
  const std::int64_t columns = p.columns();
  const std::int64_t elements = p.sizes.m * columns;
  const Storage memory(static_cast<std::size_t>(pieces * elements) * sizeof(float));
  auto* sums = reinterpret_cast<float*>(memory.data());
  run_in_pool(context, pieces, [&](std::int64_t piece) {
    const std::int64_t first = piece * chunks;
    run_piece(p, first, std::min(p.plan.count, first + chunks), sums + piece * elements);
  });
  const std::int64_t grain = std::max<std::int64_t>(1, 16384 / columns);
  run_in_pool(context, (p.sizes.m + grain - 1) / grain, [&](std::int64_t index) {
    const std::int64_t row = index * grain;
    for (std::int64_t piece = 0; piece < pieces; ++piece) {
      store_tile({.product = sums + piece * elements + row * columns,
                  .product_stride = columns,
                  .c = p.c + row * p.c_stride,
                  .c_stride = p.c_stride,
                  .rows = std::min(grain, p.sizes.m - row),
                  .columns = p.sizes.n,
                  .alpha = p.alpha,
                  .bias = piece == 0 ? p.bias : nullptr,
                  .accumulate = p.accumulate || piece > 0,
                  .relu = p.relu && piece == pieces - 1});
    }
  });
}

// k = 0: what is left of c = 0 (+ bias) (+ c).
void run_empty(const Product& p) {
  const std::vector<float> zeros(static_cast<std::size_t>(p.sizes.n));
  store_tile({.product = zeros.data(),
              .product_stride = 0,
              .c = p.c,
              .c_stride = p.c_stride,
              .rows = p.sizes.m,
              .columns = p.sizes.n,
              .bias = p.bias,
              .accumulate = p.accumulate,
              .relu = p.relu});
}

// A copy in float32.
Tensor widened(ExecutionContext& context, const ConstView& operand) {
  const Tensor copy = Tensor::empty(operand.shape);
  convert(context, operand, copy);
  return copy;
}

void run_matmul(ExecutionContext& context, ConstView a, ConstView b, View c,
                const MatmulOptions& options) {
  const MatmulSizes sizes = matmul_sizes(a, b, c, options);
  if (sizes.m == 0 || sizes.n == 0) {
    return;
  }
  const PackedType type = packed_type_for(options.precision);
  const bool rounded_a = a.dtype == DType::bfloat16;
  const bool rounded_b = b.dtype == DType::bfloat16;
  if (rounded_a || rounded_b) {
    check_usage(options.precision == MatmulPrecision::bfloat16,
                "matmul: operands of bfloat16 need products of bfloat16");
    if (rounded_a && options.transpose_a) {
      return run_matmul(context, widened(context, a), b, c, options);
    }
  }
  const Product product{.sizes = sizes,
                        .a = rounded_a ? nullptr : a.as<float>(),
                        .rounded_a = rounded_a ? a.as<BFloat16>() : nullptr,
                        .a_stride = a.row_stride(),
                        .a_transposed = options.transpose_a,
                        .b = {.data = b.dtype == DType::float32 ? b.as<float>() : nullptr,
                              .rounded = rounded_b ? b.as<BFloat16>() : nullptr,
                              .integers = b.dtype == DType::int8 ? b.as<std::int8_t>() : nullptr,
                              .stride = b.row_stride(),
                              .transposed = options.transpose_b,
                              .n = sizes.n,
                              .stamp = b.stamp},
                        .c = c.as<float>(),
                        .c_stride = c.row_stride(),
                        .bias = options.bias.defined() ? options.bias.as<float>() : nullptr,
                        .accumulate = options.accumulate,
                        .relu = options.relu,
                        .alpha = options.alpha,
                        .type = type,
                        .plan = depth_plan(sizes.k, a, options.transpose_a, type)};
  if (sizes.k == 0) {
    run_empty(product);
  } else if (quantizes(b, options)) {
    run_int8(context, product);
  } else if (takes_few_rows(product)) {
    run_few_rows(context, product);
  } else if (better_in_pieces(product)) {
    run_in_pieces(context, product);
  } else {
    run_in_blocks(context, product);
  }
}

}  // namespace

void register_matmul() {
  matmul.fill(DeviceKind::cpu, &run_matmul);
  column_sums.fill(DeviceKind::cpu, &run_column_sums);
  register_int8();
}

}  // namespace heed::cpu
