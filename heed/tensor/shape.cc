#include "heed/tensor/shape.h"

#include <fmt/format.h>

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
    check(size >= 0, "shape {}: sizes cannot be negative", *this);
    // Zero-size axes do not excuse an overflow in the others: the strides would overflow.
    overflow = overflow || __builtin_mul_overflow(count, std::max<std::int64_t>(size, 1), &count);
  }
  check(!overflow, "shape {}: too many elements", *this);
}

void Shape::refuse_axis(int axis) const {
  fail(ErrorKind::failure, "shape {}: no axis {}", *this, axis);
}

std::string Shape::text() const {
  return fmt::format("[{}]", fmt::join(sizes(), ", "));
}

}  // namespace heed
