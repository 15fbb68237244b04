#include "heed/generation/single_path.h"

#include <algorithm>

namespace heed {

SinglePathSearch::SinglePathSearch(const OutputSymbols& symbols, const DecodingConfig& config,
                                   std::int64_t max_length, std::int64_t index, OnToken on_token)
    : ends_(symbols.ends),
      length_penalty_(config.length_penalty),
      max_length_(max_length),
      index_(index),
      on_token_(std::move(on_token)),
      hypotheses_(static_cast<std::size_t>(config.sample ? config.n_best : 1)) {
  for (std::size_t i = 0; i < hypotheses_.size(); ++i) {
    live_.push_back({.ordinal = static_cast<std::int32_t>(i)});
  }
}

bool SinglePathSearch::follow(std::int32_t ordinal, const Candidate& next) {
  Hypothesis& hypothesis = hypotheses_[static_cast<std::size_t>(ordinal)];
  hypothesis.log_probability += next.log_probability;
  bool goes_on = std::find(ends_.begin(), ends_.end(), next.token) == ends_.end();
  if (goes_on) {
    hypothesis.tokens.push_back(next.token);
    goes_on = (!on_token_ || on_token_({index_, ordinal, next.token, next.log_probability})) &&
              length_ < max_length_;
  }
  if (!goes_on) {
    hypothesis.length = length_;
    hypothesis.score = normalized_score(hypothesis.log_probability, length_, length_penalty_);
  }
  return goes_on;
}

void SinglePathSearch::extend(const Candidates& candidates, std::int64_t first,
                              std::span<const std::int32_t> rows) {
  ++length_;
  std::vector<LiveRow> live;
  for (std::size_t i = 0; i < live_.size(); ++i) {
    const Candidate next = candidates.row(first + static_cast<std::int64_t>(i))[0];
    if (follow(live_[i].ordinal, next)) {
      live.push_back({rows[i], next.token, live_[i].ordinal});
    }
  }
  live_ = std::move(live);
}

std::vector<Hypothesis> SinglePathSearch::result() const {
  std::vector<Hypothesis> sorted = hypotheses_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; });
  return sorted;
}

}  // namespace heed
