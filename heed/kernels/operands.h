// What every backend checks about the operands of a kernel before it touches memory.
//
// Thread-safety: plain values and pure functions: any thread, at any time.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "heed/kernels/kernel.h"

namespace heed {

// A matrix of rows × columns; its rows may lie apart.
inline void check_matrix(std::string_view kernel, std::string_view operand, const ConstView& view,
                         std::int64_t rows, std::int64_t columns) {
  check(view.rows() == rows && view.columns() == columns && (view.defined() || rows * columns == 0),
        "{}: {} has shape {}, expected {} rows of {}", kernel, operand, view.shape, rows, columns);
}

// `size` elements that lie side by side, whatever the shape.
inline void check_vector(std::string_view kernel, std::string_view operand, const ConstView& view,
                         std::int64_t size) {
  check(view.element_count() == size && view.contiguous() && (view.defined() || size == 0),
        "{}: {} has shape {}, expected {} elements side by side", kernel, operand, view.shape,
        size);
}

// Where the sequences of packed rows begin, and where the last ends: [0, …, rows], never falling.
// Returns the rows.
inline std::int64_t check_offsets(std::string_view kernel, std::string_view operand,
                                  std::span<const std::int32_t> offsets) {
  check(!offsets.empty() && offsets[0] == 0, "{}: {} must start with 0", kernel, operand);
  for (std::size_t i = 1; i < offsets.size(); ++i) {
    check(offsets[i - 1] <= offsets[i], "{}: {} fall from {} to {} at {}", kernel, operand,
          offsets[i - 1], offsets[i], i);
  }
  return offsets.back();
}

// Ids that index a table of `size` rows.
inline void check_ids(std::string_view kernel, const std::int32_t* ids, std::int64_t count,
                      std::int64_t size) {
  for (std::int64_t r = 0; r < count; ++r) {
    check(ids[r] >= 0 && ids[r] < size, "{}: row {} has id {}, expected 0 to {}", kernel, r, ids[r],
          size - 1);
  }
}

}  // namespace heed
