// Sizes of a tensor's axes, outermost first.
//
// Thread-safety: plain values and pure functions: any thread, at any time.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace heed {

class Shape {
 public:
  static constexpr int max_rank = 6;

  Shape() = default;
  Shape(std::initializer_list<std::int64_t> sizes)
      : Shape(std::span<const std::int64_t>(sizes.begin(), sizes.size())) {}
  // Errors: more than max_rank axes, a negative size, an element count that overflows.
  explicit Shape(std::span<const std::int64_t> sizes);

  int rank() const { return rank_; }
  // The size of an axis; negative axes count from the end.
  std::int64_t operator[](int axis) const {
    const int index = axis < 0 ? axis + rank_ : axis;
    if (index < 0 || index >= rank_) {
      refuse_axis(axis);
    }
    return sizes_[static_cast<std::size_t>(index)];
  }
  std::int64_t element_count() const {
    std::int64_t count = 1;
    for (const std::int64_t size : sizes()) {
      count *= size;
    }
    return count;
  }
  std::span<const std::int64_t> sizes() const {
    return {sizes_.data(), static_cast<std::size_t>(rank_)};
  }
  // "[3, 5]", as messages write it too.
  std::string text() const;

  friend bool operator==(const Shape&, const Shape&) = default;

 private:
  [[noreturn]] void refuse_axis(int axis) const;

  std::array<std::int64_t, max_rank> sizes_{};
  int rank_ = 0;
};

}  // namespace heed
