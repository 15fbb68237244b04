#include "heed/generation/beam_search.h"

#include <algorithm>
#include <cmath>

namespace heed {

BeamSearch::BeamSearch(const OutputSymbols& symbols, const DecodingConfig& config,
                       std::int64_t max_length)
    : ends_(symbols.ends),
      beam_(static_cast<std::size_t>(config.beam)),
      n_best_(static_cast<std::size_t>(config.n_best)),
      length_penalty_(config.length_penalty),
      lookahead_(config.lookahead),
      max_length_(max_length),
      beams_{{TokenTree::root, 0.0}} {
  live_.emplace_back();
}

std::vector<BeamSearch::Extension> BeamSearch::best_extensions(const Candidates& candidates,
                                                               std::int64_t first) const {
  std::vector<Extension> all;
  for (std::size_t i = 0; i < beams_.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i);
    for (const Candidate& candidate : candidates.row(first + row)) {
      all.push_back({row, candidate, beams_[i].log_probability + candidate.log_probability});
    }
  }
  const std::size_t kept = std::min(all.size(), 2 * beam_);
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept), all.end(),
                    [](const Extension& a, const Extension& b) {
                      if (a.log_probability != b.log_probability) {
                        return a.log_probability > b.log_probability;
                      }
                      return a.beam != b.beam ? a.beam < b.beam : a.next.token < b.next.token;
                    });
  all.resize(kept);
  return all;
}

// Takes a hypothesis of length_ tokens, end symbol included, among the finished ones.
void BeamSearch::finish(std::int32_t node, double log_probability) {
  const double score = normalized_score(log_probability, length_, length_penalty_);
  const auto place =
      std::upper_bound(finished_.begin(), finished_.end(), score,
                       [](double value, const Finished& other) { return value > other.score; });
  finished_.insert(place, {node, log_probability, score, length_});
  finished_.resize(std::min(finished_.size(), n_best_));
}

// Whatever follows has probability 1 at most, so the log-probability only falls. A positive penalty
// divides it by most at the greatest length, a negative one at the smallest.
bool BeamSearch::may_enter_the_best(double log_probability) const {
  const std::int64_t length =
      length_penalty_ > 0 ? std::min(length_ + lookahead_, max_length_) : length_ + 1;
  return finished_.size() < n_best_ ||
         normalized_score(log_probability, length, length_penalty_) > finished_.back().score;
}

void BeamSearch::extend(const Candidates& candidates, std::int64_t first,
                        std::span<const std::int32_t> rows) {
  const std::vector<Extension> extensions = best_extensions(candidates, first);
  ++length_;
  std::vector<Beam> beams;
  std::vector<LiveRow> live;
  for (const Extension& extension : extensions) {
    const auto beam = static_cast<std::size_t>(extension.beam);
    const std::int32_t token = extension.next.token;
    if (std::find(ends_.begin(), ends_.end(), token) != ends_.end()) {
      finish(beams_[beam].node, extension.log_probability);
    } else if (live.size() < beam_) {
      beams.push_back({tree_.add(beams_[beam].node, token), extension.log_probability});
      live.push_back({rows[beam], token, static_cast<std::int32_t>(live.size())});
    }
  }
  if (length_ >= max_length_) {
    for (const Beam& beam : beams) {
      finish(beam.node, beam.log_probability);
    }
    beams.clear();
  }
  // The most probable stand first: those that may not enter are the last ones.
  while (!beams.empty() && !may_enter_the_best(beams.back().log_probability)) {
    beams.pop_back();
  }
  live.resize(beams.size());
  beams_ = std::move(beams);
  live_ = std::move(live);
}

std::vector<Hypothesis> BeamSearch::result() const {
  std::vector<Hypothesis> best;
  for (const Finished& finished : finished_) {
    best.push_back(
        {tree_.path(finished.node), finished.log_probability, finished.score, finished.length});
  }
  return best;
}

}  // namespace heed
