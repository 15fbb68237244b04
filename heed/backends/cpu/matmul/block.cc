#include "heed/backends/cpu/matmul/block.h"

#include <algorithm>

#include "heed/backends/cpu/matmul/scratch.h"

namespace heed::cpu {

namespace {

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
  if (p.rounded_a != nullptr && p.type == PackedType::bfloat16 && size == depth &&
      p.a_stride == depth) {
    return reinterpret_cast<const std::byte*>(p.rounded_a + row * p.a_stride);
  }
  std::byte* packed =
      scratch(ScratchUse::row_block, rows * depth * static_cast<std::int64_t>(packed_size(p.type)));
  if (p.rounded_a != nullptr) {
    pack_rows(RoundedSource{p.rounded_a + row * p.a_stride + begin, p.a_stride, rows, size}, depth,
              p.type, packed);
  } else if (p.a_transposed) {
    pack_rows_transposed({p.a + begin * p.a_stride + row, p.a_stride, size, rows}, depth, p.type,
                         packed);
  } else {
    pack_rows(PackSource{p.a + row * p.a_stride + begin, p.a_stride, rows, size}, depth, p.type,
              packed);
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

// The bias of a block, padded to whole panels with zeros.
const float* block_bias(const Product& p, const Block& block) {
  const std::int64_t padded = round_up(block.columns, panel_columns);
  const float* bias = p.bias + block.column;
  if (padded == block.columns) {
    return bias;
  }
  auto* copy =
      reinterpret_cast<float*>(scratch(ScratchUse::bias, padded * std::int64_t{sizeof(float)}));
  std::copy(bias, bias + block.columns, copy);
  std::fill(copy + block.columns, copy + padded, 0.0f);
  return copy;
}

// One chunk of `b` into column panels.
void pack_right(const Product& p, std::int64_t chunk, std::byte* panels) {
  const std::int64_t begin = p.plan.begin(chunk);
  const std::int64_t size = p.plan.size(chunk);
  const std::int64_t depth = p.plan.padded(chunk);
  if (p.b.rounded != nullptr && p.b.transposed) {
    pack_panels_transposed(RoundedSource{p.b.rounded + begin, p.b.stride, p.sizes.n, size}, depth,
                           p.type, panels);
  } else if (p.b.rounded != nullptr) {
    pack_panels(RoundedSource{p.b.rounded + begin * p.b.stride, p.b.stride, size, p.sizes.n}, depth,
                depth, p.type, panels);
  } else if (p.b.transposed) {
    pack_panels_transposed(PackSource{p.b.data + begin, p.b.stride, p.sizes.n, size}, depth, p.type,
                           panels);
  } else {
    pack_panels(PackSource{p.b.data + begin * p.b.stride, p.b.stride, size, p.sizes.n}, depth,
                depth, p.type, panels);
  }
}

}  // namespace

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
  const std::byte* left = one_pass ? row_block(p, block.row, block.rows, visit.first) : nullptr;
  for (std::int64_t begin = 0; begin < block.columns; begin += width) {
    const Block part{block.row, block.rows, block.column + begin,
                     std::min(width, block.columns - begin)};
    const std::int64_t part_padded = round_up(part.columns, panel_columns);
    float* part_c = c + begin;
    float* product =
        direct ? c
               : reinterpret_cast<float*>(scratch(
                     ScratchUse::result, part.rows * part_padded * std::int64_t{sizeof(float)}));
    if (!direct && !scaled && adds) {
      store_tile({.product = part_c,
                  .product_stride = p.c_stride,
                  .c = product,
                  .c_stride = part_padded,
                  .rows = part.rows,
                  .columns = part.columns});
    }
    for (std::int64_t chunk = visit.first; chunk < visit.last; ++chunk) {
      const bool starts = chunk == visit.first;
      multiply(p.type, one_pass ? left : row_block(p, part.row, part.rows, chunk), part.rows,
               p.plan.padded(chunk), visit.b->panels(chunk, part.column), part_padded,
               !starts || (adds && !scaled),
               starts && has_bias && !scaled ? block_bias(p, part) : nullptr, product);
    }
    if (!direct || relu) {
      store_tile({.product = product,
                  .product_stride = part_padded,
                  .c = part_c,
                  .c_stride = p.c_stride,
                  .rows = part.rows,
                  .columns = part.columns,
                  .alpha = p.alpha,
                  .bias = scaled && has_bias ? p.bias + part.column : nullptr,
                  .accumulate = scaled && adds,
                  .relu = relu});
    }
  }
}

void run_piece(const Product& p, std::int64_t first, std::int64_t last, float* sums) {
  const std::int64_t columns = p.columns();
  for (std::int64_t chunk = first; chunk < last; ++chunk) {
    const std::int64_t depth = p.plan.padded(chunk);
    std::byte* panels = scratch(ScratchUse::column_panels,
                                depth * columns * static_cast<std::int64_t>(packed_size(p.type)));
    pack_right(p, chunk, panels);
    multiply(p.type, row_block(p, 0, p.sizes.m, chunk), p.sizes.m, depth, panels, columns,
             chunk > first, nullptr, sums);
  }
}

}  // namespace heed::cpu
