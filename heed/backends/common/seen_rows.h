// The rows of keys or values that a query sees.
#pragma once

#include <cstdint>

namespace heed::common {

// Rows first + index[n] · stride for n = 0 … count-1; the columns of one head.
template <typename T>
struct SeenRows {
  T* first = nullptr;
  std::int64_t stride = 0;
  const std::int32_t* index = nullptr;
  std::int64_t count = 0;

  T* operator[](std::int64_t n) const { return first + index[n] * stride; }
};

}  // namespace heed::common
