// Beam search over one prompt's hypotheses.
//
// Of all extensions of the live hypotheses by one token, the 2·beam of the largest log-probability
// are looked at: those that end become finished, the `beam` best others live on. A live hypothesis
// is given up when it cannot get among the n best finished ones within `lookahead` tokens, however
// probable those are; the search is over when none is left, or at max_length, where the live ones
// count as they are. With a lookahead of max_length nothing is missed that the beam could find. A
// good score divided by a great length forgives much, so that this takes about twice the steps,
// and with 5 tokens BLEU is the same.
#pragma once

#include "heed/generation/search.h"

namespace heed {

class BeamSearch : public Search {
 public:
  // `max_length`: tokens at most, end symbol included.
  BeamSearch(const OutputSymbols& symbols, const DecodingConfig& config, std::int64_t max_length);

  void extend(const Candidates& candidates, std::int64_t first,
              std::span<const std::int32_t> rows) override;
  std::vector<int> written(std::size_t i) const override { return tree_.path(beams_[i].node); }
  std::vector<Hypothesis> result() const override;

 private:
  struct Beam {
    std::int32_t node;
    double log_probability;
  };
  struct Finished {
    std::int32_t node;  // the last token before the end symbol
    double log_probability;
    double score;
    std::int64_t length;
  };
  struct Extension {
    std::int64_t beam;
    Candidate next;
    double log_probability;  // of all tokens
  };

  std::vector<Extension> best_extensions(const Candidates& candidates, std::int64_t first) const;
  void finish(std::int32_t node, double log_probability);
  bool may_enter_the_best(double log_probability) const;

  std::vector<std::int32_t> ends_;
  std::size_t beam_;
  std::size_t n_best_;
  double length_penalty_;
  std::int64_t lookahead_;
  std::int64_t max_length_;
  std::int64_t length_ = 0;  // tokens of the live hypotheses
  TokenTree tree_;
  std::vector<Beam> beams_;         // of live_, row by row
  std::vector<Finished> finished_;  // at most n_best_, best first
};

}  // namespace heed
