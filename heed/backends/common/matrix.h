// Views as matrices that loops can index, and the choice of the element type.
#pragma once

#include <cstdint>
#include <type_traits>

#include "heed/kernels/dropout.h"
#include "heed/kernels/operands.h"

namespace heed::reference {

// x[r][c] is column c of row r.
template <typename T>
struct Matrix {
  T* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t stride = 0;

  T* operator[](std::int64_t row) const { return data + row * stride; }
};

template <typename T, typename Byte>
auto matrix(const BasicView<Byte>& view) {
  return Matrix<typename BasicView<Byte>::template Element<T>>{view.template as<T>(), view.rows(),
                                                               view.columns(), view.row_stride()};
}

// The elements of an optional operand; null when it is undefined.
template <typename T, typename Byte>
auto* optional_data(const BasicView<Byte>& view) {
  return view.defined() ? view.template as<T>() : nullptr;
}

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
