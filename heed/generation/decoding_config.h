// How a search for outputs goes: greedy, beam search or sampling, and how long. A plain value.
#pragma once

#include <cstdint>

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
  double min_p = 0.0;
  double repetition_penalty = 1.0;
  int no_repeat_ngram = 0;
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
    visit("min_p", min_p,
          "sampling: among tokens that have this share of the most probable one's probability");
    visit("repetition_penalty", repetition_penalty,
          "above 1: tokens that stand in the text already become less probable");
    visit("no_repeat_ngram", no_repeat_ngram,
          "no run of so many tokens is written that stands in the text already; 0: may be");
    visit("seed", seed, "sampling: the same seed, the same translations");
    visit("batch_sentences", batch_sentences, "sentences decoded side by side");
  }
};

// Checks ranges. Errors (usage) name the key.
void check_decoding_config(const DecodingConfig& config);

}  // namespace heed
