#include "heed/generation/token_rules.h"

#include <algorithm>

namespace heed {

namespace {

std::vector<std::int32_t> sorted_once(std::vector<std::int32_t> tokens) {
  std::sort(tokens.begin(), tokens.end());
  tokens.erase(std::unique(tokens.begin(), tokens.end()), tokens.end());
  return tokens;
}

std::vector<std::int32_t> completing_tokens(std::span<const int> tokens, std::size_t size) {
  std::vector<std::int32_t> completing;
  if (tokens.size() < size) {
    return completing;
  }
  const std::span<const int> last = tokens.last(size - 1);
  for (std::size_t begin = 0; begin + size <= tokens.size(); ++begin) {
    if (std::equal(last.begin(), last.end(), tokens.begin() + static_cast<std::ptrdiff_t>(begin))) {
      completing.push_back(tokens[begin + size - 1]);
    }
  }
  return sorted_once(std::move(completing));
}

}  // namespace

TokenRules token_rules(const DecodingConfig& config, std::span<const int> tokens) {
  TokenRules rules;
  if (config.no_repeat_ngram > 0) {
    rules.banned = completing_tokens(tokens, static_cast<std::size_t>(config.no_repeat_ngram));
  }
  if (config.repetition_penalty != 1) {
    rules.penalty = config.repetition_penalty;
    rules.repeated = sorted_once({tokens.begin(), tokens.end()});
  }
  return rules;
}

}  // namespace heed
