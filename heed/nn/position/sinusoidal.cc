#include "heed/nn/position/sinusoidal.h"

#include <algorithm>
#include <cmath>

namespace heed {

SinusoidalLayout sinusoidal_layout(const std::string& name) {
  check_usage(name == "halves" || name == "interleaved",
              "position.layout '{}': expected halves or interleaved", name);
  return name == "halves" ? SinusoidalLayout::halves : SinusoidalLayout::interleaved;
}

Tensor sinusoidal_table(std::int64_t length, std::int64_t size, SinusoidalLayout layout,
                        Device device) {
  const std::int64_t pairs = (size + 1) / 2;
  std::vector<double> values(static_cast<std::size_t>(length * size));
  for (std::int64_t position = 0; position < length; ++position) {
    for (std::int64_t column = 0; column < size; ++column) {
      const bool halves = layout == SinusoidalLayout::halves;
      const std::int64_t pair = halves ? column % pairs : column / 2;
      const bool sine = halves ? column < pairs : column % 2 == 0;
      const double angle =
          static_cast<double>(position) *
          std::pow(10000.0, -2.0 * static_cast<double>(pair) / static_cast<double>(size));
      values[static_cast<std::size_t>(position * size + column)] =
          sine ? std::sin(angle) : std::cos(angle);
    }
  }
  const Tensor table = Tensor::from_values<double>(values, {length, size}, device);
  return device == reference_device ? table : table.to(DType::float32);
}

Tensor SinusoidalPositions::table(std::int64_t length) const {
  std::lock_guard lock(mutex_);
  if (!table_.defined() || table_.size(0) < length) {
    table_ = sinusoidal_table(std::max<std::int64_t>(length * 3 / 2, 64), size_, layout_, device_);
  }
  return table_;
}

}  // namespace heed
