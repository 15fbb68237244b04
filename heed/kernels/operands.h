// What every backend checks about the operands of a kernel before it touches memory.
#pragma once

#include <cstdint>
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

// Ids that index a table of `size` rows.
inline void check_ids(std::string_view kernel, const std::int32_t* ids, std::int64_t count,
                      std::int64_t size) {
  for (std::int64_t r = 0; r < count; ++r) {
    check(ids[r] >= 0 && ids[r] < size, "{}: row {} has id {}, expected 0 to {}", kernel, r, ids[r],
          size - 1);
  }
}

}  // namespace heed
