// Element types.
//
// Thread-safety: plain values and pure functions: any thread, at any time.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace heed {

// Float32 and bfloat16 compute; float64 computes in the reference backend; the rest store.
enum class DType : std::uint8_t {
  float32,
  bfloat16,
  float64,
  float16,
  int8,
  uint8,
  int32,
  int64,
  boolean,
};

// The upper half of a float32; conversion rounds to nearest even and keeps NaN a NaN.
struct BFloat16 {
  std::uint16_t bits = 0;

  BFloat16() = default;
  explicit BFloat16(float value) {
    const auto word = std::bit_cast<std::uint32_t>(value);
    if ((word & 0x7FFFFFFFu) > 0x7F800000u) {
      bits = static_cast<std::uint16_t>(word >> 16 | 0x40u);
    } else {
      bits = static_cast<std::uint16_t>((word + 0x7FFFu + (word >> 16 & 1u)) >> 16);
    }
  }
  explicit operator float() const {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }
};

// IEEE half precision, storage only.
struct Float16 {
  std::uint16_t bits = 0;
};

// Bytes of one element.
std::size_t element_size(DType dtype);
// "float32", "bfloat16", …
std::string_view name_of(DType dtype);

template <typename T>
constexpr std::optional<DType> dtype_of_type() {
  return std::nullopt;
}
template <>
constexpr std::optional<DType> dtype_of_type<float>() {
  return DType::float32;
}
template <>
constexpr std::optional<DType> dtype_of_type<BFloat16>() {
  return DType::bfloat16;
}
template <>
constexpr std::optional<DType> dtype_of_type<double>() {
  return DType::float64;
}
template <>
constexpr std::optional<DType> dtype_of_type<Float16>() {
  return DType::float16;
}
template <>
constexpr std::optional<DType> dtype_of_type<std::int8_t>() {
  return DType::int8;
}
template <>
constexpr std::optional<DType> dtype_of_type<std::uint8_t>() {
  return DType::uint8;
}
template <>
constexpr std::optional<DType> dtype_of_type<std::int32_t>() {
  return DType::int32;
}
template <>
constexpr std::optional<DType> dtype_of_type<std::int64_t>() {
  return DType::int64;
}
template <>
constexpr std::optional<DType> dtype_of_type<bool>() {
  return DType::boolean;
}

// The DType of a C++ element type.
template <typename T>
inline constexpr DType dtype_of = *dtype_of_type<T>();

}  // namespace heed
