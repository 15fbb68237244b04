// The differences of a comparison in words, and the rule by which they are told from noise.
//
//   findings_of(group, summary)  // {"rotary is better than none by 0.7 …; …"}
//   noise_rule(3)                // "A difference counts when …"
//
// Thread-safety: all functions may be called from any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "heed/comparison/summary.h"

namespace heed {

// What the pairs say, a sentence for each variant that is better than another or equal to one; and
// which variants gave the same numbers throughout, as they do when what is varied has no effect.
std::vector<std::string> findings_of(const ComparisonGroup& group, const GroupSummary& summary);

// Where the group has a rule of where variants break, how far each of them works; beyond the
// training length, which variant is ahead of which.
std::vector<std::string> length_findings_of(const ComparisonGroup& group,
                                            const GroupSummary& summary);

// The rule in a sentence; `items`: what is resampled.
std::string noise_rule(std::size_t seeds, std::string_view items = "sentences");

}  // namespace heed
