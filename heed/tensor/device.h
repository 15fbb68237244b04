// Where a tensor lives and which backend computes on it.
//
// Thread-safety: plain values and pure functions: any thread, at any time.
#pragma once

#include <cstdint>
#include <string_view>

namespace heed {

// `reference` is host memory computed on by plain loops in float32 or float64: what every other
// backend is checked against. `cpu` is host memory computed on by oneDNN and Highway.
enum class DeviceKind : std::uint8_t { reference, cpu };
inline constexpr int device_kind_count = 2;

struct Device {
  DeviceKind kind = DeviceKind::cpu;
  friend bool operator==(Device, Device) = default;
};

inline constexpr Device reference_device{DeviceKind::reference};
inline constexpr Device cpu_device{DeviceKind::cpu};

inline std::string_view name_of(DeviceKind kind) {
  return kind == DeviceKind::reference ? "reference" : "cpu";
}

}  // namespace heed
