// What each head of a language model looks at, on a text.
#pragma once

#include <vector>

#include "apps/heed/head_worth.h"
#include "heed/data/text_windows.h"
#include "heed/inspect/head_patterns.h"

namespace heed::app {

// One for each head, in the order of measure_heads, over the first two thousand tokens in pieces of
// 256 at most: maps of longer ones would take much memory, and say no more.
std::vector<HeadPatterns> patterns_of_heads(const HeadedModel& model, const TextWindows& windows,
                                            MatmulPrecision precision);

}  // namespace heed::app
