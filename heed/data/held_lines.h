// Text files that are held whole, a line an element, because a measure or a study needs all of
// them: test sets and their translations. How much that may be is limited, so that a file that is
// none of those ends in an error that names it and not in the memory of the machine.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace heed {

inline constexpr std::int64_t held_line_limit = 5'000'000;
inline constexpr std::size_t held_byte_limit = std::size_t{1} << 30;

// The first `most` lines of a text file (.gz is read too). Errors: those of LineReader;
// (input_output) something else than a regular file or what the process has open already, such as
// /dev/stdin: a device may never end, a FIFO may never begin; (bad_data) more lines or bytes than
// the limits.
std::vector<std::string> read_held_lines(
    const std::string& path, std::int64_t most = std::numeric_limits<std::int64_t>::max());

}  // namespace heed
