// A computed tensor that reaches the longest length that was asked for so far.
#pragma once

#include <algorithm>
#include <mutex>

#include "heed/tensor/tensor.h"

namespace heed {

// Serves threads at once. `Value` holds tensors, which are handles: what was handed out stays
// valid.
template <typename Value>
class GrownTable {
 public:
  // The value for at least `length`, made by compute(length) where there is none so far.
  template <typename Compute>
  Value get(std::int64_t length, Compute&& compute) const {
    const std::lock_guard lock(mutex_);
    if (length > length_) {
      const std::int64_t reach = std::max<std::int64_t>(length * 3 / 2, 64);
      value_ = compute(reach);
      length_ = reach;
    }
    return value_;
  }

 private:
  mutable std::mutex mutex_;
  mutable std::int64_t length_ = 0;
  mutable Value value_;
};

// Numbers as a tensor of the type that a device computes in.
inline Tensor constant_tensor(const std::vector<double>& values, const Shape& shape,
                              Device device) {
  const Tensor tensor = Tensor::from_values<double>(values, shape, device);
  return device == reference_device ? tensor : tensor.to(DType::float32);
}

}  // namespace heed
