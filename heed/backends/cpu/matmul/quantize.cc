#include "heed/backends/cpu/matmul/quantize.h"

#include "heed/backends/cpu/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "heed/backends/cpu/matmul/quantize.cc"
#include "hwy/foreach_target.h"
// After foreach_target.h.
#include "heed/backends/cpu/matmul/finish-inl.h"

HWY_BEFORE_NAMESPACE();
namespace heed::cpu::HWY_NAMESPACE {
namespace {

using IntTag = hn::RebindToSigned<FloatTag>;
using ByteTag = hn::Rebind<std::int8_t, FloatTag>;

float greatest_magnitude_any(const float* row, std::int64_t size) {
  const FloatTag d;
  auto greatest = hn::Zero(d);
  auto poison = hn::Zero(d);
  for_each_vector(d, 0, static_cast<std::size_t>(size),
                  [&](std::size_t i, std::size_t count) HEED_SIMD_LAMBDA {
                    const auto x = load(d, row + i, count);
                    greatest = hn::Max(greatest, hn::Abs(x));
                    poison = hn::Add(poison, hn::Mul(x, hn::Zero(d)));
                  });
  return hn::GetLane(hn::MaxOfLanes(d, greatest)) + hn::GetLane(hn::SumOfLanes(d, poison));
}

std::int32_t quantize_row_any(const float* row, std::int64_t size, std::int64_t padded,
                              float factor, IntegerType type, void* to) {
  const FloatTag d;
  const IntTag di;
  const ByteTag d8;
  const auto scale = hn::Set(d, factor);
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  auto sum = hn::Zero(di);
  for (std::int64_t i = 0; i < padded; i += lanes) {
    const std::int64_t count = size - i < 0 ? 0 : size - i < lanes ? size - i : lanes;
    const auto x = count == 0 ? hn::Zero(d) : load(d, row + i, static_cast<std::size_t>(count));
    const auto scaled = hn::Mul(x, scale);
    const auto integers = hn::NearestInt(hn::IfThenElseZero(hn::Eq(scaled, scaled), scaled));
    sum = hn::Add(sum, integers);
    if (type == IntegerType::float32) {
      hn::StoreU(hn::ConvertTo(d, integers), d, static_cast<float*>(to) + i);
      continue;
    }
    const std::int32_t shift = type == IntegerType::unsigned_byte ? unsigned_offset : 0;
    // Wraps around to the bits of the unsigned byte.
    const auto bytes =
        hn::Xor(hn::DemoteTo(d8, integers), hn::Set(d8, static_cast<std::int8_t>(shift)));
    hn::StoreU(bytes, d8, static_cast<std::int8_t*>(to) + i);
  }
  return hn::GetLane(hn::SumOfLanes(di, sum));
}

// The products of a vector of columns, as floats.
HWY_INLINE FloatVec products(FloatTag d, const DequantizeTile& tile, std::int64_t row,
                             std::size_t column, std::size_t count) {
  const auto at = row * tile.sums_stride + static_cast<std::int64_t>(column);
  if (tile.offsets == nullptr) {
    return load(d, static_cast<const float*>(tile.sums) + at, count);
  }
  const IntTag di;
  const auto integers = [&](const std::int32_t* from) HEED_SIMD_LAMBDA {
    return hn::BitCast(di, load(d, reinterpret_cast<const float*>(from), count));
  };
  const auto sums = integers(static_cast<const std::int32_t*>(tile.sums) + at);
  return hn::ConvertTo(d, hn::Sub(sums, integers(tile.offsets + column)));
}

void dequantize_tile_any(const DequantizeTile& tile) {
  const FloatTag d;
  for (std::int64_t r = 0; r < tile.rows; ++r) {
    const auto row_scale = hn::Set(d, tile.row_scales[r] * tile.alpha);
    float* c = tile.c + r * tile.c_stride;
    for_each_vector(d, 0, static_cast<std::size_t>(tile.columns),
                    [&](std::size_t j, std::size_t count) HEED_SIMD_LAMBDA {
                      const auto value =
                          hn::Mul(products(d, tile, r, j, count),
                                  hn::Mul(row_scale, load(d, tile.scales + j, count)));
                      store(d, finish_product(d, value, tile, c, j, count), c + j, count);
                    });
  }
}

}  // namespace
}  // namespace heed::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace heed::cpu {

namespace {
HWY_EXPORT(greatest_magnitude_any);
HWY_EXPORT(quantize_row_any);
HWY_EXPORT(dequantize_tile_any);
}  // namespace

float greatest_magnitude(const float* row, std::int64_t size) {
  return HWY_DYNAMIC_DISPATCH(greatest_magnitude_any)(row, size);
}
std::int32_t quantize_row(const float* row, std::int64_t size, std::int64_t padded, float factor,
                          IntegerType type, void* to) {
  return HWY_DYNAMIC_DISPATCH(quantize_row_any)(row, size, padded, factor, type, to);
}
void dequantize_tile(const DequantizeTile& tile) {
  HWY_DYNAMIC_DISPATCH(dequantize_tile_any)(tile);
}

}  // namespace heed::cpu
#endif  // HWY_ONCE
