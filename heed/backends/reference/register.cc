#include "heed/backends/reference/register.h"

#include "heed/backends/reference/families.h"

namespace heed {

void register_reference_backend() {
  reference::register_matmul();
  reference::register_elementwise();
  reference::register_normalization();
  reference::register_embedding();
  reference::register_softmax();
  reference::register_top_k();
  reference::register_rotary();
  reference::register_attention();
  reference::register_optimizer();
}

}  // namespace heed
