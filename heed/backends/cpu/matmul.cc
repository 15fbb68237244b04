// Matrix products: how they are cut into tiles. What runs inside a tile is in matmul_tile.h.
//
// Tiles are cut by the sizes of the product alone, and every element of c is summed by one tile in
// a fixed order, or by several whose sums are added in a fixed order: the bits are the same at any
// number of threads. The order of sums in a row does not depend on the number of rows either
// (unless `a` is transposed: then its rows are summed over).
#include "heed/kernels/matmul.h"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "heed/backends/cpu/families.h"
#include "heed/backends/cpu/matmul_tile.h"
#include "heed/backends/cpu/matmul_weights.h"

namespace heed::cpu {

namespace {

// Where `a` is transposed, as in the gradient of a weight, the summed axis (tokens) differs from
// batch to batch: chunks of it have few different sizes. Elsewhere it is a size of the model and
// oneDNN itself cuts it, but for the memory that a packed block of rows takes.
constexpr std::int64_t token_chunk = 256;
constexpr std::int64_t packed_chunk = 2048;

// A product as its tiles see it.
struct Product {
  MatmulSizes sizes;
  const float* a = nullptr;
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

DepthPlan depth_plan(std::int64_t k, const ConstView& a, bool a_transposed, PackedType type) {
  if (a_transposed) {
    return {k, token_chunk};
  }
  const bool as_it_lies =
      type == PackedType::float32 && k % depth_unit == 0 && a.row_stride() == k;
  return {k, as_it_lies ? k : packed_chunk};
}

template <typename Tile>
void run_tiles(ExecutionContext& context, std::int64_t count, Tile&& tile) {
  if (context.pool != nullptr) {
    context.pool->run(count, tile);
  } else {
    for (std::int64_t index = 0; index < count; ++index) {
      tile(index);
    }
  }
}

// Memory that a thread keeps from tile to tile.
enum class ScratchUse { row_block, column_panels, result, bias };
std::byte* scratch(ScratchUse use, std::int64_t bytes) {
  thread_local std::array<std::unique_ptr<Storage>, 4> blocks;
  auto& block = blocks[static_cast<std::size_t>(use)];
  if (!block || block->size() < static_cast<std::size_t>(bytes)) {
    block.reset();
    block = std::make_unique<Storage>(static_cast<std::size_t>(bytes));
  }
  return block->data();
}

// Rows `row` … of one chunk of `a` as a row block: where they lie if that is one already, else
// packed into scratch memory.
const std::byte* row_block(const Product& p, std::int64_t row, std::int64_t rows,
                           std::int64_t chunk) {
  const std::int64_t begin = p.plan.begin(chunk);
  const std::int64_t size = p.plan.size(chunk);
  const std::int64_t depth = p.plan.padded(chunk);
  if (!p.a_transposed && p.type == PackedType::float32 && size == depth && p.a_stride == depth) {
    return reinterpret_cast<const std::byte*>(p.a + row * p.a_stride);
  }
  std::byte* packed = scratch(ScratchUse::row_block,
                              rows * depth * static_cast<std::int64_t>(packed_size(p.type)));
  if (p.a_transposed) {
    pack_rows_transposed({p.a + begin * p.a_stride + row, p.a_stride, size, rows}, depth, p.type,
                         packed);
  } else {
    pack_rows({p.a + row * p.a_stride + begin, p.a_stride, rows, size}, depth, p.type, packed);
  }
  return packed;
}

// product[rows, columns] (+)= row block · panels (+ bias).
void multiply(PackedType type, const std::byte* block, std::int64_t rows, std::int64_t depth,
              const void* panels, std::int64_t columns, bool accumulate, const float* bias,
              float* product) {
  const auto row_bytes = depth * static_cast<std::int64_t>(packed_size(type));
  for (std::int64_t done = 0; done < rows;) {
    const std::int64_t piece = tile_row_piece(rows - done);
    run_tile({piece, columns, depth, type, accumulate, bias != nullptr}, block + done * row_bytes,
             panels, bias, product + done * columns);
    done += piece;
  }
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

// The widest product that is formed in scratch memory at once: half of the second-level cache.
constexpr std::int64_t scratch_columns = 512;

// Each block packs its rows of `a` and reads all of its columns of `b`: blocks are high and wide,
// but enough of them to share out evenly, and none of less than some 10 µs.
Grid grid_for(const Product& p) {
  constexpr std::int64_t least_work = 4 << 20;  // multiplications in a block
  const std::int64_t enough_blocks = p.a_transposed ? 8 : 16;
  Grid grid;
  grid.rows = 128;
  grid.columns = std::min<std::int64_t>(p.columns(), p.a_transposed ? scratch_columns : 2048);
  while (grid.count(p.sizes) < enough_blocks) {
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

// The bias of a block, padded to whole panels with zeros.
const float* block_bias(const Product& p, const Block& block) {
  const std::int64_t padded = round_up(block.columns, panel_columns);
  const float* bias = p.bias + block.column;
  if (padded == block.columns) {
    return bias;
  }
  auto* copy = reinterpret_cast<float*>(
      scratch(ScratchUse::bias, padded * std::int64_t{sizeof(float)}));
  std::copy(bias, bias + block.columns, copy);
  std::fill(copy + block.columns, copy + padded, 0.0f);
  return copy;
}

// c takes part in the sums itself, or a copy of it in scratch memory where its rows do not lie side
// by side as oneDNN needs them; a product that is to be scaled is formed apart and added last. So
// the order of the sums does not depend on how c lies or is cut.
void run_block(const Product& p, const Visit& visit, const Block& block) {
  const std::int64_t padded = round_up(block.columns, panel_columns);
  float* c = p.c + block.row * p.c_stride + block.column;
  const bool scaled = p.alpha != 1;
  const bool adds = p.accumulate || !visit.begins;
  const bool relu = p.relu && visit.ends;
  const bool has_bias = p.bias != nullptr && visit.begins;
  const bool direct = !scaled && block.columns == padded && p.c_stride == block.columns;
  const std::int64_t width = direct ? padded : std::min(padded, scratch_columns);
  const bool one_pass = visit.last - visit.first == 1;
  const std::byte* left =
      one_pass ? row_block(p, block.row, block.rows, visit.first) : nullptr;
  for (std::int64_t begin = 0; begin < block.columns; begin += width) {
    const Block part{block.row, block.rows, block.column + begin,
                     std::min(width, block.columns - begin)};
    const std::int64_t part_padded = round_up(part.columns, panel_columns);
    float* part_c = c + begin;
    float* product = direct ? c
                            : reinterpret_cast<float*>(
                                  scratch(ScratchUse::result, part.rows * part_padded *
                                                                  std::int64_t{sizeof(float)}));
    if (!direct && !scaled && adds) {
      store_tile({.product = part_c, .product_stride = p.c_stride, .c = product,
                  .c_stride = part_padded, .rows = part.rows, .columns = part.columns});
    }
    for (std::int64_t chunk = visit.first; chunk < visit.last; ++chunk) {
      const bool starts = chunk == visit.first;
      multiply(p.type, one_pass ? left : row_block(p, part.row, part.rows, chunk), part.rows,
               p.plan.padded(chunk), visit.b->panels(chunk, part.column), part_padded,
               !starts || (adds && !scaled),
               starts && has_bias && !scaled ? block_bias(p, part) : nullptr, product);
    }
    if (!direct || relu) {
      store_tile({.product = product, .product_stride = part_padded, .c = part_c,
                  .c_stride = p.c_stride, .rows = part.rows, .columns = part.columns,
                  .alpha = p.alpha, .bias = scaled && has_bias ? p.bias + part.column : nullptr,
                  .accumulate = scaled && adds, .relu = relu});
    }
  }
}

void run_visit(ExecutionContext& context, const Product& p, const Grid& grid, const Visit& visit) {
  run_tiles(context, grid.blocks_down * grid.blocks_across, [&](std::int64_t index) {
    // Neighbours share their panels.
    const std::int64_t row = index % grid.blocks_down * grid.rows;
    const std::int64_t column = index / grid.blocks_down * grid.columns;
    run_block(p, visit, {row, std::min(grid.rows, p.sizes.m - row), column,
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
  // A stretch of b is packed, used while it is in the last-level cache, and forgotten.
  constexpr std::int64_t stretch_elements = 2 << 20;
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
  run_tiles(context, pieces, [&](std::int64_t piece) {
    const std::int64_t first = piece * chunks;
    for (std::int64_t chunk = first; chunk < std::min(p.plan.count, first + chunks); ++chunk) {
      const std::int64_t depth = p.plan.padded(chunk);
      std::byte* panels = scratch(ScratchUse::column_panels,
                                  depth * columns * static_cast<std::int64_t>(packed_size(p.type)));
      pack_right(p.b, p.plan, chunk, 0, p.sizes.n, p.type, panels);
      multiply(p.type, row_block(p, 0, p.sizes.m, chunk), p.sizes.m, depth, panels, columns,
               chunk > first, nullptr, sums + piece * elements);
    }
  });
  const std::int64_t grain = std::max<std::int64_t>(1, 16384 / columns);
  run_tiles(context, (p.sizes.m + grain - 1) / grain, [&](std::int64_t index) {
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
  store_tile({.product = zeros.data(), .product_stride = 0, .c = p.c, .c_stride = p.c_stride,
              .rows = p.sizes.m, .columns = p.sizes.n, .bias = p.bias,
              .accumulate = p.accumulate, .relu = p.relu});
}

void run_matmul(ExecutionContext& context, ConstView a, ConstView b, View c,
                const MatmulOptions& options) {
  const MatmulSizes sizes = matmul_sizes(a, b, c, options);
  if (sizes.m == 0 || sizes.n == 0) {
    return;
  }
  const PackedType type = packed_type_for(options.precision);
  const Product product{.sizes = sizes,
                        .a = a.as<float>(),
                        .a_stride = a.row_stride(),
                        .a_transposed = options.transpose_a,
                        .b = {b.as<float>(), b.row_stride(), options.transpose_b, sizes.n, b.stamp},
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
  } else if (better_in_pieces(product)) {
    run_in_pieces(context, product);
  } else {
    run_in_blocks(context, product);
  }
}

void run_column_sums(ExecutionContext& context, ConstView x, bool accumulate, View sums) {
  const std::int64_t rows = x.rows();
  const std::int64_t columns = x.columns();
  if (sums.element_count() != columns) {
    fail(ErrorKind::usage, "column_sums: sums {} for {}", sums.shape.text(), x.shape.text());
  }
  if (columns == 0) {
    return;
  }
  float* out = sums.as<float>();
  if (rows == 0) {
    if (!accumulate) {
      std::fill(out, out + columns, 0.0f);
    }
    return;
  }
  constexpr std::int64_t grain = 128;
  const std::int64_t tiles = (rows + grain - 1) / grain;
  const Storage memory(static_cast<std::size_t>(tiles * columns) * sizeof(float));
  auto* partial = reinterpret_cast<float*>(memory.data());
  const float* data = x.as<float>();
  const std::int64_t stride = x.row_stride();
  run_tiles(context, tiles, [&](std::int64_t tile) {
    sum_rows(data + tile * grain * stride, stride, std::min(grain, rows - tile * grain), columns,
             partial + tile * columns);
  });
  std::vector<float> total(static_cast<std::size_t>(columns));
  sum_rows(partial, columns, tiles, columns, total.data());
  store_tile({.product = total.data(), .product_stride = columns, .c = out, .c_stride = columns,
              .rows = 1, .columns = columns, .accumulate = accumulate});
}

}  // namespace

void register_matmul() {
  matmul.fill(DeviceKind::cpu, &run_matmul);
  column_sums.fill(DeviceKind::cpu, &run_column_sums);
}

}  // namespace heed::cpu
