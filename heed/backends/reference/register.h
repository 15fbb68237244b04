// The reference backend: plain loops in float32 and float64, what every other backend is checked
// against.
#pragma once

namespace heed {

// Fills the kernel slots of DeviceKind::reference. Idempotent; call once at the start.
void register_reference_backend();

}  // namespace heed
