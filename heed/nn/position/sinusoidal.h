// Sinusoidal positions (Vaswani et al., "Attention is all you need", 2017, section 3.5).
//
// With frequencies ω_j = 1 / 10000^(2j/d), j = 0 … ceil(d/2)-1, position i has sin(i·ω_j) and
// cos(i·ω_j): interleaved in columns 2j and 2j+1 as in the paper, or as halves [sin | cos] as in
// Marian models of Transformers (sin part ceil(d/2) wide when d is odd). Position i+δ is position i
// with every pair rotated by δ·ω_j.
#pragma once

#include <mutex>

#include "heed/nn/position/position_encoding.h"

namespace heed {

enum class SinusoidalLayout : std::uint8_t { halves, interleaved };
SinusoidalLayout sinusoidal_layout(const std::string& name);

// The table [length, size], computed in float64.
Tensor sinusoidal_table(std::int64_t length, std::int64_t size, SinusoidalLayout layout,
                        Device device);

class SinusoidalPositions : public PositionEncoding {
 public:
  SinusoidalPositions(std::int64_t size, SinusoidalLayout layout, Device device)
      : size_(size), layout_(layout), device_(device) {}

  // Reaches any length: the table grows when a longer one is asked for.
  Tensor table(std::int64_t length) const override;

 private:
  std::int64_t size_;
  SinusoidalLayout layout_;
  Device device_;
  mutable std::mutex mutex_;
  mutable Tensor table_;
};

}  // namespace heed
