// Hypotheses that each follow one token at a time until the end symbol: greedy decoding, where the
// token is the most probable, and sampling, where it is drawn.
#pragma once

#include "heed/generation/search.h"

namespace heed {

class SinglePathSearch : public Search {
 public:
  // Follows `count` hypotheses (one for greedy decoding, n for n samples), each by the first of its
  // row's candidates.
  SinglePathSearch(std::int32_t sentence, const TextSymbols& symbols, const DecodingConfig& config,
                   std::int64_t count, std::int64_t max_length);

  void extend(const Candidates& candidates, std::int64_t first_row) override;
  std::vector<Hypothesis> result() const override;

 private:
  std::int32_t end_;
  double length_penalty_;
  std::int64_t max_length_;
  std::int64_t length_ = 0;             // tokens of the live hypotheses
  std::vector<Hypothesis> hypotheses_;  // by ordinal
};

}  // namespace heed
