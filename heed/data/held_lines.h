// Text files that are held whole, a line an element, because a measure or a study needs all of
// them: test sets and their translations. How much that may be is limited, so that a file that is
// none of those ends in an error that names it and not in the memory of the machine.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "heed/data/parallel_corpus.h"

namespace heed {

inline constexpr std::int64_t held_line_limit = 5'000'000;
inline constexpr std::size_t held_byte_limit = std::size_t{1} << 30;

struct HeldLimits {
  std::int64_t lines = held_line_limit;
  std::size_t bytes = held_byte_limit;  // without line ends
};

// The first `most` lines of a text file (.gz is read too). Errors: those of LineReader;
// (input_output) something else than a regular file or what the process has open already, such as
// /dev/stdin: a device may never end, a FIFO may never begin; (bad_data) more lines or bytes than
// the limits.
std::vector<std::string> read_held_lines(
    const std::string& path, std::int64_t most = std::numeric_limits<std::int64_t>::max());

// Visits the pairs of a corpus of which all are held, the limits holding for each of its sides.
// Errors: those of ParallelCorpus::for_each; (bad_data) more pairs or bytes than the limits.
void for_each_held(const ParallelCorpus& corpus,
                   const std::function<void(const SentencePair&)>& visit,
                   const HeldLimits& limits = {});

}  // namespace heed
