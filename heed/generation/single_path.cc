#include "heed/generation/single_path.h"

#include <algorithm>

namespace heed {

SinglePathSearch::SinglePathSearch(std::int32_t sentence, const TextSymbols& symbols,
                                   const DecodingConfig& config, std::int64_t count,
                                   std::int64_t max_length)
    : end_(symbols.end),
      length_penalty_(config.length_penalty),
      max_length_(max_length),
      hypotheses_(static_cast<std::size_t>(count)) {
  for (std::int32_t i = 0; i < count; ++i) {
    live_.push_back({sentence, symbols.start, i});
  }
}

void SinglePathSearch::extend(const Candidates& candidates, std::int64_t first_row) {
  ++length_;
  std::vector<LiveRow> rows;
  for (std::size_t i = 0; i < live_.size(); ++i) {
    const std::int64_t row = first_row + static_cast<std::int64_t>(i);
    const Candidate next = candidates.row(row)[0];
    Hypothesis& hypothesis = hypotheses_[static_cast<std::size_t>(live_[i].ordinal)];
    hypothesis.log_probability += next.log_probability;
    const bool ended = next.token == end_;
    if (!ended) {
      hypothesis.tokens.push_back(next.token);
    }
    if (!ended && length_ < max_length_) {
      rows.push_back({static_cast<std::int32_t>(row), next.token, live_[i].ordinal});
    } else {
      hypothesis.length = length_;
      hypothesis.score = normalized_score(hypothesis.log_probability, length_, length_penalty_);
    }
  }
  live_ = std::move(rows);
}

std::vector<Hypothesis> SinglePathSearch::result() const {
  std::vector<Hypothesis> sorted = hypotheses_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; });
  return sorted;
}

}  // namespace heed
