// Room for machine code that is made at run time.
//
// Thread-safety: may be called from any thread.
#pragma once

namespace heed::cpu {

// oneDNN does not look whether it got the memory for the code of a primitive, of up to some 8 MB,
// before it writes there. Error (failure): there is not that much memory, and as much again for
// what other threads take meanwhile. Holds none of it.
void require_code_room();

}  // namespace heed::cpu
