#include "heed/tensor/shape.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "heed/base/error.h"

namespace heed {

Shape::Shape(std::span<const std::int64_t> sizes) : rank_(static_cast<int>(sizes.size())) {
  check(sizes.size() <= max_rank, "shape: {} axes, at most {} are possible", sizes.size(),
        static_cast<int>(max_rank));
  std::copy(sizes.begin(), sizes.end(), sizes_.begin());
  std::int64_t count = 1;
  bool overflow = false;
  for (const std::int64_t size : sizes) {
    check(size >= 0, "shape {}: sizes cannot be negative", text());
    // Zero-size axes do not excuse an overflow in the others: the strides would overflow.
    overflow = overflow || __builtin_mul_overflow(count, std::max<std::int64_t>(size, 1), &count);
  }
  check(!overflow, "shape {}: too many elements", text());
}

std::int64_t Shape::operator[](int axis) const {
  const int index = axis < 0 ? axis + rank_ : axis;
  check(index >= 0 && index < rank_, "shape {}: no axis {}", text(), axis);
  return sizes_[static_cast<std::size_t>(index)];
}

std::int64_t Shape::element_count() const {
  std::int64_t count = 1;
  for (const std::int64_t size : sizes()) {
    count *= size;
  }
  return count;
}

std::string Shape::text() const {
  return fmt::format("[{}]", fmt::join(sizes(), ", "));
}

}  // namespace heed
