// What a row may not go on with, or should rather not, because of what stands before it.
//
// Thread-safety: plain values and functions of their arguments.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "heed/generation/decoding_config.h"

namespace heed {

struct TokenRules {
  std::vector<std::int32_t> banned;    // would complete a run of tokens that is there already
  std::vector<std::int32_t> repeated;  // stand before, each once
  double penalty = 1;                  // on these

  bool empty() const { return banned.empty() && (repeated.empty() || penalty == 1); }
};

inline bool has_token_rules(const DecodingConfig& config) {
  return config.no_repeat_ngram > 0 || config.repetition_penalty != 1;
}

// After `tokens`: what was begun and what was written so far.
TokenRules token_rules(const DecodingConfig& config, std::span<const int> tokens);

// A score, a logit or a log-probability, of one that is repeated (Keskar et al., "CTRL", 2019):
// divided by the penalty above 0, multiplied below.
inline double penalized(double score, double penalty) {
  return score > 0 ? score / penalty : score * penalty;
}

}  // namespace heed
