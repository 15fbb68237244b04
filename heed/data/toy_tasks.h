// Sequence tasks with a known answer: copy, reverse or sort random symbols. A Transformer that is
// built right learns them within a minute; one with a broken mask or position does not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "heed/data/text_pairs.h"

namespace heed {

enum class ToyTask { copy, reverse, sort };

// "copy", "reverse", "sort".
std::string_view toy_task_name(ToyTask task);
// The task of that name; Error{usage} lists the names when there is none.
ToyTask toy_task_from_name(std::string_view name);

struct ToyTaskOptions {
  std::size_t pair_count = 10000;
  // Lengths are uniform from minimum to maximum, both included.
  std::size_t minimum_length = 1;
  std::size_t maximum_length = 20;
  // Symbols are the numbers 0 … symbol_count - 1 in decimal.
  std::size_t symbol_count = 20;
};

// Pairs such as {"7 0 12 7", "7 12 0 7"} for reverse: symbols drawn uniformly, separated by single
// spaces; sort is ascending by value. Pairs are independent, so short sequences repeat. A pair
// depends on seed, lengths and symbol_count only: the three tasks share their sources. Throws
// Error{usage} for a zero length, an empty range of lengths or no symbols.
std::vector<TextPair> make_toy_pairs(ToyTask task, const ToyTaskOptions& options,
                                     std::uint64_t seed);

}  // namespace heed
