// What pairs of variants say, in words.
//
// Thread-safety: pair_sentences() may be called from any thread.
#pragma once

#include <string>
#include <vector>

#include "heed/comparison/summary.h"

namespace heed {

// What the pairs say of each variant against those ranked below it, a sentence each; a single one
// where no pair differs. `style` is that of the metric which the pairs were scored by.
std::vector<std::string> pair_sentences(const ComparisonGroup& group,
                                        const std::vector<PairSummary>& pairs,
                                        const MetricStyle& style);

}  // namespace heed
