// How many processors there are to compute with.
//
// Thread-safety: may be called from any thread.
#pragma once

namespace heed {

// The processors that this process may use: its affinity mask, and the quota of its control group.
// At least 1.
int usable_processor_count();

}  // namespace heed
