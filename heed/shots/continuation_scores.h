// How probable a language model finds what may follow a text.
//
// Thread-safety: any thread, at any time; threads may share a model.
#pragma once

#include <span>
#include <vector>

#include "heed/nn/generator.h"

namespace heed {

// A text, of one token at least, and what may follow it, of one token each at least.
struct Continuations {
  std::vector<int> context;
  std::vector<std::vector<int>> endings;
};

struct ContinuationScore {
  double log_probability = 0;  // of the ending after the context, in nats
  bool greedy = true;          // each of its tokens is the most probable one at its place
};

// A score for each ending of each item, in order. A context is read once, whatever follows it; one
// that is too long together with its ending loses its beginning. Of the context counts precision.
// Errors (usage): an ending alone is longer than the model takes.
std::vector<std::vector<ContinuationScore>> score_continuations(
    const Generator& model, std::span<const Continuations> items, const ForwardContext& context);

}  // namespace heed
