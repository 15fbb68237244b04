// What a head of causal self-attention looks at, as shares of its weights: the patterns that heads
// are named by (Voita et al., "Analyzing multi-head self-attention", 2019, positional heads; Olsson
// et al., "In-context learning and induction heads", 2022, prefix matching).
//
// Thread-safety: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace heed {

// Mean weights, 0 … 1, over the queries from the third on: the first two have too few keys to tell
// patterns apart.
struct HeadPatterns {
  double previous = 0;   // on the token before
  double itself = 0;     // on the token that asks
  double first = 0;      // on the first token
  double same = 0;       // on earlier tokens that are the same; of queries that have such
  double induction = 0;  // on tokens behind those; of queries that have such before themselves
};

class HeadPatternSums {
 public:
  // Weights [n, n] of a sequence of n tokens, row-major.
  void add(std::span<const std::int32_t> tokens, std::span<const float> weights);
  // Of all that was added; 0 where no query counted.
  HeadPatterns means() const;

 private:
  HeadPatterns sums_;
  std::size_t queries_ = 0, repeated_ = 0, continued_ = 0;
};

// The pattern that has at least half of the weights, and its share: "previous token 97 %"; where
// several have, the greatest. Empty: none has.
std::string pattern_text(const HeadPatterns& patterns);

}  // namespace heed
