// Rows of floats as 8-bit integers with a scale of their own, and products of these as floats
// again.
#pragma once

#include <cstdint>

namespace heed::cpu {

// The greatest magnitude of a row; NaN when one of its elements is NaN or infinite.
float greatest_magnitude(const float* row, std::int64_t size);

// How integers of -127 … 127 are held.
enum class IntegerType : std::uint8_t {
  signed_byte,
  unsigned_byte,  // plus unsigned_offset
  float32,
};
inline constexpr std::int32_t unsigned_offset = 128;

// to[i] = row[i] · factor rounded to the nearest integer, ties to even, and zeros up to `padded`, a
// multiple of 16. NaN becomes 0. Returns the sum of the integers.
std::int32_t quantize_row(const float* row, std::int64_t size, std::int64_t padded, float factor,
                          IntegerType type, void* to);

// What becomes of a tile of products of integers:
//   c[r, j] = max?(0, (sums[r, j] - offsets[j]) · row_scales[r] · scales[j] (+ bias[j]) (+ c[r,
//   j]))
// Sums are float32 when there are no offsets.
struct DequantizeTile {
  const void* sums = nullptr;
  std::int64_t sums_stride = 0;
  const std::int32_t* offsets = nullptr;
  const float* row_scales = nullptr;
  const float* scales = nullptr;
  float* c = nullptr;
  std::int64_t c_stride = 0;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  float alpha = 1;  // another factor of all
  const float* bias = nullptr;
  bool accumulate = false;
  bool relu = false;
};
void dequantize_tile(const DequantizeTile& tile);

}  // namespace heed::cpu
