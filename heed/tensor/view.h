// Non-owning descriptions of tensors, which is what kernels take: they cannot record gradients.
//
// Thread-safety: plain values and pure functions: any thread, at any time.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "heed/base/error.h"
#include "heed/tensor/device.h"
#include "heed/tensor/dtype.h"
#include "heed/tensor/shape.h"

namespace heed {

// `Byte` is std::byte for a View that may be written and const std::byte for a ConstView.
// The last axis has stride 1; outer strides count elements.
template <typename Byte>
struct BasicView {
  template <typename T>
  using Element = std::conditional_t<std::is_const_v<Byte>, const T, T>;

  Byte* data = nullptr;
  Shape shape;
  std::array<std::int64_t, Shape::max_rank> strides{};
  DType dtype = DType::float32;
  Device device;
  // See Storage::stamp.
  std::uint64_t stamp = 0;

  BasicView() = default;
  BasicView(Byte* data_pointer, const Shape& sizes,
            const std::array<std::int64_t, Shape::max_rank>& element_strides, DType type,
            Device where, std::uint64_t content_stamp)
      : data(data_pointer),
        shape(sizes),
        strides(element_strides),
        dtype(type),
        device(where),
        stamp(content_stamp) {}
  // A View converts to a ConstView.
  template <typename Other>
  requires(std::is_const_v<Byte> && !std::is_const_v<Other>)
      BasicView(const BasicView<Other>& other)  // NOLINT(google-explicit-constructor)
      : BasicView(other.data, other.shape, other.strides, other.dtype, other.device, other.stamp) {}

  bool defined() const { return data != nullptr; }
  std::int64_t element_count() const { return shape.element_count(); }

  // The elements; throws when the dtype is another.
  template <typename T>
  Element<T>* as() const {
    check(dtype == dtype_of<T>, "expected a tensor of {}, got {} {}", name_of(dtype_of<T>),
          name_of(dtype), shape);
    return reinterpret_cast<Element<T>*>(data);
  }

  // Seen as a matrix: all axes but the last are rows, `row_stride()` elements apart. Throws when
  // the outer axes cannot be walked with a single stride.
  std::int64_t columns() const { return shape.rank() == 0 ? 1 : shape[-1]; }
  std::int64_t rows() const {
    std::int64_t count = 1;
    for (int axis = 0; axis + 1 < shape.rank(); ++axis) {
      count *= shape[axis];
    }
    return count;
  }
  std::int64_t row_stride() const {
    const int rank = shape.rank();
    if (rank < 2) {
      return columns();
    }
    for (int axis = 0; axis + 2 < rank; ++axis) {
      const auto i = static_cast<std::size_t>(axis);
      check(strides[i] == strides[i + 1] * shape[axis + 1] || shape[axis] == 1,
            "view {}: its outer axes cannot be walked as rows", shape);
    }
    return strides[static_cast<std::size_t>(rank - 2)];
  }
  // Elements lie one after the other without gaps.
  bool contiguous() const {
    if (element_count() == 0) {
      return true;
    }
    std::int64_t expected = 1;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      if (shape[axis] != 1 && strides[static_cast<std::size_t>(axis)] != expected) {
        return false;
      }
      expected *= shape[axis];
    }
    return true;
  }
};

using View = BasicView<std::byte>;
using ConstView = BasicView<const std::byte>;

}  // namespace heed
