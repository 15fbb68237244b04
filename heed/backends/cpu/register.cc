#include "heed/backends/cpu/register.h"

#include "heed/backends/cpu/families.h"

namespace heed {

void register_cpu_backend() {
  cpu::register_matmul();
  cpu::register_elementwise();
  cpu::register_normalization();
  cpu::register_embedding();
  cpu::register_softmax();
  cpu::register_top_k();
  cpu::register_rotary();
  cpu::register_attention();
  cpu::register_optimizer();
}

}  // namespace heed
