// Scores and lists as readers of a comparison see them.
//
//   spread_text(scores, 1)                       // "36.1 ± 0.2"
//   join_words({"learned", "none", "rotary"})    // "learned, none and rotary"
//
// Thread-safety: all functions may be called from any thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "heed/metrics/metric.h"

namespace heed {

// "learned", "learned and rotary", "learned, none and rotary".
std::string join_words(const std::vector<std::string>& words, const char* last = " and ");

// The same with its first letter (ASCII) in upper case.
std::string capitalised(std::string text);

// "36.1 ± 0.2", the mean and the deviation; "36.1" for one score, "–" for none.
std::string spread_text(std::span<const double> scores, int decimals);

// "by seed: 36.0, 36.2".
std::string by_seed_text(std::span<const double> scores, int decimals);

// A score with the name of its metric before it; the sign of a percentage stands after: "F: 0.5",
// "right: 93.0 %" of a metric that is called "% right".
std::string named_score(const MetricStyle& style, double score);

}  // namespace heed
