// Views as matrices, the choice of the element type, and dropout of one element.
#pragma once

#include <cstdint>

#include "heed/backends/common/matrix.h"
#include "heed/kernels/dropout.h"
#include "heed/kernels/operands.h"

namespace heed::reference {

using common::Matrix;
using common::matrix;
using common::optional_data;

// Calls body(T{}) with the element type T of a floating-point tensor.
template <typename Body>
void for_floating_type(const char* kernel, DType dtype, Body&& body) {
  if (dtype == DType::float32) {
    body(float{});
  } else {
    check(dtype == DType::float64, "{}: expected float32 or float64, got {}", kernel,
          name_of(dtype));
    body(double{});
  }
}

// Element (row, column) of dropout(x).
template <typename T>
T dropped(T x, const DropoutStream& stream, std::int64_t row, std::int64_t column) {
  if (!stream.active()) {
    return x;
  }
  return stream.keeps(stream.row_key(row), column) ? x * static_cast<T>(stream.scale()) : x * T{0};
}

}  // namespace heed::reference
