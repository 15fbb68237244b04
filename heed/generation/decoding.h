// Decoding with a Generator: greedy, beam search, sampling.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "heed/nn/generator.h"
#include "heed/text/text_symbols.h"

namespace heed {

struct DecodingConfig {
  int beam = 5;
  int n_best = 1;
  double length_penalty = 1.0;
  int lookahead = 5;
  int max_length = 256;
  double max_length_ratio = 3.0;
  bool sample = false;
  double temperature = 1.0;
  int top_k = 0;
  double top_p = 1.0;
  std::int64_t seed = 1;
  int batch_sentences = 64;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("beam", beam, "hypotheses kept per sentence; 1 is greedy");
    visit("n_best", n_best, "translations returned per sentence; at most beam, or samples drawn");
    visit("length_penalty", length_penalty,
          "a hypothesis scores its log-probability / length^this; 0: no normalisation");
    visit("lookahead", lookahead,
          "a hypothesis is given up when this many more tokens, each certain, would not bring it "
          "among the n best; max_length: only when nothing would");
    visit("max_length", max_length, "tokens of a translation at most, end symbol included");
    visit("max_length_ratio", max_length_ratio,
          "and at most this many times the tokens of the source, plus 10; 0: no such limit");
    visit("sample", sample, "draw tokens at random instead of searching");
    visit("temperature", temperature, "sampling: divides the logits");
    visit("top_k", top_k, "sampling: among the k most probable tokens; 0: all");
    visit("top_p", top_p, "sampling: among the most probable tokens that hold this share");
    visit("seed", seed, "sampling: the same seed, the same translations");
    visit("batch_sentences", batch_sentences, "sentences decoded side by side");
  }
};

// Checks ranges. Errors (usage) name the key.
void check_decoding_config(const DecodingConfig& config);

struct Hypothesis {
  std::vector<int> tokens;     // without start and end symbol
  double log_probability = 0;  // of the tokens and the end symbol, if reached
  double score = 0;            // log_probability / length^length_penalty
  std::int64_t length = 0;     // tokens and the end symbol, if reached
};

// Translates every source (token ids with their end symbol, at most model.longest()). Sentences are
// decoded in batches, as many at once as there are threads (set_thread_count); results are in the
// order of `sources`: for each the n_best hypotheses, best first (fewer if no more exist). The
// result for a sentence does not depend on what it is batched with. Sampling draws n_best
// hypotheses independently, each from (seed, index of the sentence, hypothesis), where the first
// sentence has the index `first_sentence`. Hypotheses that reach the greatest length without the
// end symbol count as they are. Of the context counts what a session takes (see Generator::start).
// Errors (failure) name the sentence: no tokens, too many, or a model whose output is not a number.
std::vector<std::vector<Hypothesis>> decode(const Generator& model,
                                            std::span<const std::vector<int>> sources,
                                            const TextSymbols& symbols,
                                            const DecodingConfig& config,
                                            const ForwardContext& context = {},
                                            std::int64_t first_sentence = 0);

}  // namespace heed
