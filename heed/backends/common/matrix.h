// Views as matrices that loops can index.
#pragma once

#include <cstdint>

#include "heed/tensor/view.h"

namespace heed::common {

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

}  // namespace heed::common
