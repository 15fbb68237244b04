// Writing with a Generator: greedy, by beam search, or by sampling.
//
//   translate(model, sources, {.start = 8, .end = 0}, {.beam = 5});
//   generate(model, prompts, {.ends = {0}}, {.beam = 1, .max_length = 100});
//
// Any number of threads may call these with the same model.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "heed/generation/decoding_config.h"
#include "heed/generation/hypothesis.h"
#include "heed/nn/generator.h"
#include "heed/text/text_symbols.h"

namespace heed {

// Goes on with every prompt, of lengths as they come, by at most config.max_length tokens. Prompts
// are worked on in batches, as many at once as there are threads (set_thread_count); results are in
// the order of `prompts`: for each the n_best hypotheses, best first (fewer if no more exist). The
// result for a prompt does not depend on what it is batched with. Sampling draws n_best hypotheses
// independently, each from (seed, index of the prompt, hypothesis), where the first prompt has the
// index `first_index`. Hypotheses that reach the greatest length without an end symbol count as
// they are. Of the context counts what a session takes (Generator::start).
//
// `on_token`, if given, is called by one thread at a time, for each hypothesis in the order of its
// tokens; beam search has none to tell of until it is over.
//
// Errors name the prompt: (failure) no tokens, too many, or a model whose output is not a number;
// (usage) a configuration without sense, on_token with a beam.
std::vector<std::vector<Hypothesis>> generate(
    const Generator& model, std::span<const Prompt> prompts, const OutputSymbols& symbols,
    const DecodingConfig& config, const ForwardContext& context = {}, const OnToken& on_token = {},
    std::int64_t first_index = 0);

// Translates every source (token ids with their end symbol, at most model.longest()): generate()
// from the start symbol, `first_sentence` being the index of the first source.
std::vector<std::vector<Hypothesis>> translate(const Generator& model,
                                               std::span<const std::vector<int>> sources,
                                               const TextSymbols& symbols,
                                               const DecodingConfig& config,
                                               const ForwardContext& context = {},
                                               std::int64_t first_sentence = 0);

}  // namespace heed
