// Hypotheses that each follow one token at a time until an end symbol: greedy decoding, where the
// token is the most probable, and sampling, where it is drawn.
#pragma once

#include "heed/generation/search.h"

namespace heed {

class SinglePathSearch : public Search {
 public:
  // Follows one hypothesis, or n_best when they are drawn, each by the first of its row's
  // candidates. `on_token` hears of the tokens of prompt `index`, if it is given.
  SinglePathSearch(const OutputSymbols& symbols, const DecodingConfig& config,
                   std::int64_t max_length, std::int64_t index, OnToken on_token);

  void extend(const Candidates& candidates, std::int64_t first,
              std::span<const std::int32_t> rows) override;
  std::vector<int> written(std::size_t i) const override {
    return hypotheses_[static_cast<std::size_t>(live_[i].ordinal)].tokens;
  }
  std::vector<Hypothesis> result() const override;

 private:
  // Takes the token in; whether the hypothesis goes on.
  bool follow(std::int32_t ordinal, const Candidate& next);

  std::vector<std::int32_t> ends_;
  double length_penalty_;
  std::int64_t max_length_;
  std::int64_t index_;
  OnToken on_token_;
  std::int64_t length_ = 0;             // tokens of the live hypotheses
  std::vector<Hypothesis> hypotheses_;  // by ordinal
};

}  // namespace heed
