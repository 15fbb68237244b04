#include "heed/tensor/tensor.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace heed {

namespace {

std::array<std::int64_t, Shape::max_rank> dense_strides(const Shape& shape) {
  std::array<std::int64_t, Shape::max_rank> strides{};
  std::int64_t stride = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    strides[static_cast<std::size_t>(axis)] = stride;
    stride *= std::max<std::int64_t>(shape[axis], 1);
  }
  return strides;
}

std::size_t byte_count(const Shape& shape, DType dtype) {
  std::size_t bytes = 0;
  const bool overflow = __builtin_mul_overflow(static_cast<std::size_t>(shape.element_count()),
                                               element_size(dtype), &bytes);
  check(!overflow, "tensor {} of {}: too large", shape, name_of(dtype));
  return bytes;
}

float half_to_float(Float16 half) {
  const int sign = half.bits >> 15;
  const int exponent = half.bits >> 10 & 31;
  const int fraction = half.bits & 1023;
  float value = 0;
  if (exponent == 31) {
    value = fraction == 0 ? INFINITY : NAN;
  } else if (exponent == 0) {
    value = std::ldexp(static_cast<float>(fraction), -24);
  } else {
    value = std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  }
  return sign != 0 ? -value : value;
}

// Rounds to the nearest, to even in the middle; from 65520 on to infinity.
Float16 half_of(double value) {
  constexpr int bias = 15, fraction_bits = 10;
  const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const double size = std::fabs(value);
  std::uint32_t bits = 0;
  if (std::isnan(value)) {
    bits = 0x7E00;
  } else if (size >= 65520) {
    bits = 0x7C00;
  } else if (size < std::ldexp(1, 1 - bias)) {
    bits = static_cast<std::uint32_t>(std::nearbyint(std::ldexp(size, bias - 1 + fraction_bits)));
  } else {
    // A fraction that is rounded up to 2 carries into the exponent.
    const int exponent = std::ilogb(size);
    bits = (static_cast<std::uint32_t>(exponent + bias - 1) << fraction_bits) +
           static_cast<std::uint32_t>(std::nearbyint(std::ldexp(size, fraction_bits - exponent)));
  }
  return {static_cast<std::uint16_t>(sign | bits)};
}

// Calls visit(T{}) with the C++ type of the dtype.
template <typename Visit>
void with_type(DType dtype, Visit&& visit) {
  switch (dtype) {
    case DType::float32:
      return visit(float{});
    case DType::bfloat16:
      return visit(BFloat16{});
    case DType::float64:
      return visit(double{});
    case DType::float16:
      return visit(Float16{});
    case DType::int8:
      return visit(std::int8_t{});
    case DType::uint8:
      return visit(std::uint8_t{});
    case DType::int32:
      return visit(std::int32_t{});
    case DType::int64:
      return visit(std::int64_t{});
    case DType::boolean:
      return visit(bool{});
  }
}

template <typename T>
double load(const T& value) {
  if constexpr (std::is_same_v<T, BFloat16>) {
    return static_cast<float>(value);
  } else if constexpr (std::is_same_v<T, Float16>) {
    return half_to_float(value);
  } else {
    return static_cast<double>(value);
  }
}

template <typename T>
void store(T& place, double value) {
  if constexpr (std::is_same_v<T, BFloat16>) {
    place = BFloat16(static_cast<float>(value));
  } else if constexpr (std::is_same_v<T, Float16>) {
    place = half_of(value);
  } else {
    place = static_cast<T>(value);
  }
}

// Calls visit(offset in elements) for the first element of every row, in row-major order.
template <typename Visit>
void for_each_row(const View& view, Visit&& visit) {
  if (view.element_count() == 0) {
    return;
  }
  const int outer = view.shape.rank() - 1;
  std::array<std::int64_t, Shape::max_rank> index{};
  for (std::int64_t row = 0, count = view.rows(); row < count; ++row) {
    std::int64_t offset = 0;
    for (int axis = 0; axis < outer; ++axis) {
      const auto i = static_cast<std::size_t>(axis);
      offset += index[i] * view.strides[i];
    }
    visit(offset);
    for (int axis = outer - 1; axis >= 0; --axis) {
      if (++index[static_cast<std::size_t>(axis)] < view.shape[axis]) {
        break;
      }
      index[static_cast<std::size_t>(axis)] = 0;
    }
  }
}

// Copies a row, by way of float64 where the element types differ: so there is a loop for each type,
// not for each pair of them.
void copy_row(const View& from, std::int64_t from_offset, const View& to, std::int64_t to_offset) {
  const std::int64_t columns = to.columns();
  if (from.dtype == to.dtype) {
    with_type(to.dtype, [&](auto type) {
      using T = decltype(type);
      std::copy_n(from.as<T>() + from_offset, columns, to.as<T>() + to_offset);
    });
    return;
  }
  constexpr std::int64_t most = 512;
  std::array<double, most> values;
  for (std::int64_t begin = 0; begin < columns; begin += most) {
    const std::int64_t count = std::min(most, columns - begin);
    with_type(from.dtype, [&](auto type) {
      const auto* data = from.as<decltype(type)>() + from_offset + begin;
      std::transform(data, data + count, values.begin(), [](const auto& x) { return load(x); });
    });
    with_type(to.dtype, [&](auto type) {
      auto* data = to.as<decltype(type)>() + to_offset + begin;
      for (std::int64_t i = 0; i < count; ++i) {
        store(data[i], values[static_cast<std::size_t>(i)]);
      }
    });
  }
}

}  // namespace

Tensor Tensor::empty(const Shape& shape, DType dtype, Device device) {
  return over(std::make_shared<Storage>(byte_count(shape, dtype)), 0, shape, dtype, device);
}

Tensor Tensor::zeros(const Shape& shape, DType dtype, Device device) {
  Tensor result = empty(shape, dtype, device);
  std::memset(result.view().data, 0, byte_count(shape, dtype));
  return result;
}

template <typename T>
Tensor Tensor::from_values(std::span<const T> values, const Shape& shape, Device device) {
  check(static_cast<std::int64_t>(values.size()) == shape.element_count(),
        "tensor {}: {} values given", shape, values.size());
  Tensor result = empty(shape, dtype_of<T>, device);
  std::copy(values.begin(), values.end(), result.view().template as<T>());
  return result;
}

template Tensor Tensor::from_values(std::span<const float>, const Shape&, Device);
template Tensor Tensor::from_values(std::span<const double>, const Shape&, Device);
template Tensor Tensor::from_values(std::span<const std::int32_t>, const Shape&, Device);
template Tensor Tensor::from_values(std::span<const std::int64_t>, const Shape&, Device);
template Tensor Tensor::from_values(std::span<const std::uint8_t>, const Shape&, Device);

Tensor Tensor::over(std::shared_ptr<Storage> storage, std::int64_t byte_offset, const Shape& shape,
                    DType dtype, Device device) {
  const std::size_t bytes = byte_count(shape, dtype);
  check(byte_offset >= 0 && static_cast<std::size_t>(byte_offset) <= storage->size() &&
            bytes <= storage->size() - static_cast<std::size_t>(byte_offset),
        "tensor {} of {}: does not fit into {} bytes from offset {}", shape, name_of(dtype),
        storage->size(), byte_offset);
  Tensor result;
  result.body_ = std::make_shared<Body>();
  result.body_->view =
      View(storage->data() + byte_offset, shape, dense_strides(shape), dtype, device, 0);
  result.body_->storage = std::move(storage);
  return result;
}

View Tensor::view() const {
  View result = body().view;
  result.stamp = body_->storage->stamp();
  return result;
}

double Tensor::item() const {
  check(element_count() >= 1, "item: tensor {} has no elements", shape());
  return to_doubles().front();
}

std::vector<double> Tensor::to_doubles() const {
  std::vector<double> result;
  result.reserve(static_cast<std::size_t>(element_count()));
  with_type(dtype(), [&](auto type) {
    using T = decltype(type);
    const T* data = view().template as<T>();
    for_each_row(view(), [&](std::int64_t offset) {
      for (std::int64_t column = 0; column < view().columns(); ++column) {
        result.push_back(load(data[offset + column]));
      }
    });
  });
  return result;
}

Tensor Tensor::with_view(const View& view) const {
  Tensor result;
  result.body_ = std::make_shared<Body>(Body{body().storage, view, nullptr});
  return result;
}

Tensor Tensor::rows(std::int64_t begin, std::int64_t end) const {
  check(rank() >= 1 && begin >= 0 && begin <= end && end <= size(0),
        "rows({}, {}): outside tensor {}", begin, end, shape());
  View sliced = body().view;
  std::vector<std::int64_t> sizes(shape().sizes().begin(), shape().sizes().end());
  sizes[0] = end - begin;
  sliced.shape = Shape(sizes);
  sliced.data += static_cast<std::size_t>(begin * sliced.strides[0]) * element_size(dtype());
  return with_view(sliced);
}

Tensor Tensor::columns(std::int64_t begin, std::int64_t end) const {
  check(rank() >= 1 && begin >= 0 && begin <= end && end <= size(-1),
        "columns({}, {}): outside tensor {}", begin, end, shape());
  View sliced = body().view;
  std::vector<std::int64_t> sizes(shape().sizes().begin(), shape().sizes().end());
  sizes.back() = end - begin;
  sliced.shape = Shape(sizes);
  sliced.data += static_cast<std::size_t>(begin) * element_size(dtype());
  return with_view(sliced);
}

Tensor Tensor::reshape(const Shape& shape_wanted) const {
  check(contiguous() && shape_wanted.element_count() == element_count(),
        "reshape: tensor {}{} cannot become {}", shape(), contiguous() ? "" : " (strided)",
        shape_wanted);
  View reshaped = body().view;
  reshaped.shape = shape_wanted;
  reshaped.strides = dense_strides(shape_wanted);
  return with_view(reshaped);
}

Tensor Tensor::shared_copy() const {
  Tensor copy;
  copy.body_ = body().copy.lock();
  return copy;
}

void Tensor::share_copy(const Tensor& copy) const {
  body().copy = copy.body_;
}

Tensor Tensor::detach() const {
  return with_view(body().view);
}

Tensor Tensor::clone() const {
  Tensor result = empty(shape(), dtype(), device());
  result.copy_from(*this);
  return result;
}

Tensor Tensor::to(DType dtype_wanted) const {
  Tensor result = empty(shape(), dtype_wanted, device());
  result.copy_from(*this);
  return result;
}

Tensor Tensor::to(Device device_wanted) const {
  // Every device so far computes on host memory.
  Tensor result = empty(shape(), dtype(), device_wanted);
  result.copy_from(*this);
  return result;
}

void Tensor::copy_from(const Tensor& source) const {
  check(shape() == source.shape(), "copy: tensor {} from {}", shape(), source.shape());
  if (dtype() == source.dtype() && contiguous() && source.contiguous()) {
    std::memcpy(view().data, source.view().data, byte_count(shape(), dtype()));
    return;
  }
  std::vector<std::int64_t> offsets;
  for_each_row(source.view(), [&](std::int64_t offset) { offsets.push_back(offset); });
  std::size_t row = 0;
  for_each_row(view(), [&](std::int64_t offset) {
    copy_row(source.view(), offsets[row++], view(), offset);
  });
}

void Tensor::fill(double value) const {
  with_type(dtype(), [&](auto type) {
    using T = decltype(type);
    T element{};
    store(element, value);
    T* data = view().template as<T>();
    for_each_row(view(), [&](std::int64_t offset) {
      std::fill_n(data + offset, view().columns(), element);
    });
  });
}

}  // namespace heed
