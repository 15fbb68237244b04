// What goes into a search and what comes out of it. Plain values.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace heed {

// A sequence to go on with.
struct Prompt {
  std::vector<int> source;  // what it is written from, with its end symbol; none: a language model
  std::vector<int> begun;   // the start symbol if there is one, then text: one token at least
  // Where the model takes no more tokens, the sequence ends; or, with this, the oldest make room,
  // all but the first `kept` of `begun`: half of what is not kept goes, and the model is given what
  // is left anew, so that a token costs little more than elsewhere.
  std::optional<std::int64_t> kept = {};
};

// The tokens that mean something to a search.
struct OutputSymbols {
  std::vector<std::int32_t> ends;        // each ends a sequence
  std::vector<std::int32_t> suppressed;  // never produced (padding)
};

struct Hypothesis {
  std::vector<int> tokens;     // without what was begun and without the end symbol
  double log_probability = 0;  // of the tokens and the end symbol, if reached
  double score = 0;            // log_probability / length^length_penalty
  std::int64_t length = 0;     // tokens and the end symbol, if reached
};

// A token that has just been chosen.
struct TokenEvent {
  std::int64_t index;  // of the prompt
  int hypothesis;      // which of the prompt's hypotheses goes on with it
  int token;
  double log_probability;
};
// Hears of each token but end symbols; false ends the hypothesis with it.
using OnToken = std::function<bool(const TokenEvent&)>;

}  // namespace heed
