// The differences of a comparison in words.
#pragma once

#include <string>
#include <vector>

#include "heed/comparison/comparison.h"

namespace heed {

// What the pairs say, a sentence for each variant that is better than another or equal to one; and
// which variants gave the same numbers throughout, as they do when what is varied has no effect.
std::vector<std::string> findings_of(const ComparisonGroup& group, const GroupSummary& summary);

// Of tasks and texts, how far each variant works; beyond the training length, which variant is
// ahead of which.
std::vector<std::string> length_findings_of(const ComparisonGroup& group,
                                            const GroupSummary& summary);

// "learned", "learned and rotary", "learned, none and rotary".
std::string join_words(const std::vector<std::string>& words, const char* last = " and ");

}  // namespace heed
