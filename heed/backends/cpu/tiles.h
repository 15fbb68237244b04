// Views as rows of floats, and work cut into tiles by its size alone.
#pragma once

#include <algorithm>
#include <cstdint>

#include "heed/kernels/kernel.h"

namespace heed::cpu {

// Row r starts at data + r * stride; data is null for an undefined view.
template <typename T>
struct RowsOf {
  T* data = nullptr;
  std::int64_t stride = 0;

  T* operator[](std::int64_t row) const { return data + row * stride; }
  bool defined() const { return data != nullptr; }
};
using Rows = RowsOf<float>;
using ConstRows = RowsOf<const float>;
using RoundedRows = RowsOf<BFloat16>;

inline Rows rows_of(const View& view) {
  return view.defined() ? Rows{view.as<float>(), view.row_stride()} : Rows{};
}
inline ConstRows rows_of(const ConstView& view) {
  return view.defined() ? ConstRows{view.as<float>(), view.row_stride()} : ConstRows{};
}

// A tile moves about 64 KiB per operand, long enough (some microseconds) to be worth handing out.
inline constexpr std::int64_t tile_elements = 16384;
// Up to here waking another thread costs more than it saves.
inline constexpr std::int64_t inline_elements = 2 * tile_elements;

// Runs work(0) … work(tiles - 1); `elements` is the size of it all.
template <typename Work>
void run_tiles(ExecutionContext& context, std::int64_t tiles, std::int64_t elements, Work&& work) {
  if (elements <= inline_elements || context.pool == nullptr) {
    for (std::int64_t tile = 0; tile < tiles; ++tile) {
      work(tile);
    }
  } else {
    context.pool->run(tiles, work);
  }
}

// The rows of a tile.
inline std::int64_t tile_rows(std::int64_t columns) {
  return std::max<std::int64_t>(1, tile_elements / std::max<std::int64_t>(1, columns));
}

// Runs work(begin, end) on tiles of whole rows.
template <typename Work>
void run_rows(ExecutionContext& context, std::int64_t rows, std::int64_t columns, Work&& work) {
  const std::int64_t grain = tile_rows(columns);
  run_tiles(context, (rows + grain - 1) / grain, rows * columns,
            [&](std::int64_t tile) { work(tile * grain, std::min(rows, (tile + 1) * grain)); });
}

// A rectangle of a matrix, and its number among those that cover it.
struct Piece {
  std::int64_t index;
  std::int64_t row_begin, row_end;
  std::int64_t column_begin, column_end;
};

inline std::int64_t piece_count(std::int64_t rows, std::int64_t columns, bool flat) {
  return flat ? (rows * columns + tile_elements - 1) / tile_elements
              : (rows + tile_rows(columns) - 1) / tile_rows(columns);
}

// Runs work(piece) on pieces that cover rows × columns. When `flat`, the caller's rows follow each
// other without gaps and need not be told apart: the pieces are stretches of one long row.
template <typename Work>
void run_pieces(ExecutionContext& context, std::int64_t rows, std::int64_t columns, bool flat,
                Work&& work) {
  const std::int64_t size = rows * columns;
  const std::int64_t grain = tile_rows(columns);
  run_tiles(context, piece_count(rows, columns, flat), size, [&](std::int64_t tile) {
    work(flat ? Piece{tile, 0, 1, tile * tile_elements, std::min(size, (tile + 1) * tile_elements)}
              : Piece{tile, tile * grain, std::min(rows, (tile + 1) * grain), 0, columns});
  });
}

}  // namespace heed::cpu
