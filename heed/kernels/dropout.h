// Dropout as a pure function of a key and a place, so that masks are never stored: the backward
// pass draws them again, and a resumed run draws the same ones.
//
// Thread-safety: as kernels/kernel.h says.
#pragma once

#include <cmath>
#include <cstdint>

#include "heed/base/random.h"
#include "heed/kernels/kernel.h"

namespace heed {

// One dropout site in one training step.
//
// Row r of a [rows, columns] tensor is named by row_keys[r] (example and position, so that a mask
// does not depend on how examples are batched), or by r itself when row_keys is null.
//
// Element (row key k, column c) draws 16 bits: with o = c mod 128, lane = o mod 16, slot = o / 16,
// they are the half (slot mod 2; 0 is the low one) of word slot / 2 of
//   philox(counter = {(c / 128) * 16 + lane, low32(k), high32(k), site}, key = {low32, high32 of
//   key})
// and the element is kept when they are >= threshold(). Kept elements are scaled by scale().
struct DropoutStream {
  float rate = 0;         // probability of dropping, in [0, 1); rounded to multiples of 2^-16
  std::uint64_t key = 0;  // mixes the run's seed and the step
  std::uint32_t site = 0;
  const std::uint64_t* row_keys = nullptr;

  bool active() const { return threshold() > 0; }
  std::uint32_t threshold() const {
    return static_cast<std::uint32_t>(std::lround(static_cast<double>(rate) * 65536.0));
  }
  // 1 / (probability of keeping).
  float scale() const { return static_cast<float>(65536.0 / (65536.0 - threshold())); }
  std::uint64_t row_key(std::int64_t row) const {
    return row_keys != nullptr ? row_keys[row] : static_cast<std::uint64_t>(row);
  }
  // The numbers of element (row key, column) and of the seven others that share its lane.
  PhiloxBlock block(std::uint64_t row_key_value, std::int64_t column) const {
    return philox({static_cast<std::uint32_t>(column / 128 * 16 + column % 16),
                   static_cast<std::uint32_t>(row_key_value),
                   static_cast<std::uint32_t>(row_key_value >> 32), site},
                  {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)});
  }
  // The 16 bits of an element, from its block.
  static std::uint32_t bits(const PhiloxBlock& block, std::int64_t column) {
    const auto slot = static_cast<std::size_t>(column % 128 / 16);
    return block[slot / 2] >> (16 * (slot % 2)) & 0xFFFFu;
  }
  bool keeps(std::uint64_t row_key_value, std::int64_t column) const {
    return bits(block(row_key_value, column), column) >= threshold();
  }
};

// y = x * mask * scale over rows × columns; y may be x. The gradient is the same map, so the
// backward pass calls it on dy.
inline KernelSlot<void(ExecutionContext&, ConstView x, const DropoutStream&, View y)> dropout{
    "dropout"};

}  // namespace heed
