// Numbers as people read them.
//
// Thread-safety: all functions may be called from any thread.
#pragma once

#include <cstdint>
#include <string>

namespace heed {

// Seconds as "1:02:03" or "2:03"; negative ones count as 0.
std::string duration_text(double seconds);

// "12,345,678".
std::string count_text(std::int64_t count);

}  // namespace heed
