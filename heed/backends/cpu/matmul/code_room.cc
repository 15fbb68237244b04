#include "heed/backends/cpu/matmul/code_room.h"

#include <sys/mman.h>

#include <cstddef>

#include "heed/base/out_of_resources.h"
#include "heed/base/phase.h"

namespace heed::cpu {

void require_code_room() {
  constexpr std::size_t room = std::size_t{32} << 20;
  void* place =
      ::mmap(nullptr, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place == MAP_FAILED) {
    throw OutOfResources(format_message(
        "out of memory{}: {} bytes of room asked for, for the code of a matrix product",
        while_text(), room));
  }
  ::munmap(place, room);
}

}  // namespace heed::cpu
