// The CPU backend: oneDNN for matrix products, Highway for the rest, the best instructions that the
// machine has chosen as the program starts.
#pragma once

namespace heed {

// Fills the kernel slots of DeviceKind::cpu. Idempotent; call once at the start.
void register_cpu_backend();

}  // namespace heed
