// One prompt's search for what follows: what beam search, greedy decoding and sampling have in
// common. GenerationLoop drives many searches side by side, row by row of one session:
//
//   logits = session.add(prompts)
//   while true:
//     candidates of every live row: the most probable tokens, or drawn ones
//     search.extend(candidates, …)                      for each search
//     end unless some search has live rows
//     logits = session.advance(parents and tokens of all live rows)
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "heed/generation/decoding_config.h"
#include "heed/generation/hypothesis.h"

namespace heed {

// A token that may come next, and log p of it.
struct Candidate {
  std::int32_t token;
  double log_probability;
};

// The candidates of each row of a step, best first; at least one, and not the same number for all.
class Candidates {
 public:
  std::span<const Candidate> row(std::int64_t index) const {
    const auto i = static_cast<std::size_t>(index);
    return std::span(all_).subspan(begin_[i], begin_[i + 1] - begin_[i]);
  }
  void add(Candidate candidate) { all_.push_back(candidate); }
  void end_row() { begin_.push_back(all_.size()); }

 private:
  std::vector<Candidate> all_;
  std::vector<std::size_t> begin_ = {0};
};

// Hypotheses that share beginnings: each token points to the one before it.
class TokenTree {
 public:
  static constexpr std::int32_t root = -1;

  std::int32_t add(std::int32_t parent, std::int32_t token) {
    nodes_.push_back({parent, token});
    return static_cast<std::int32_t>(nodes_.size()) - 1;
  }
  std::int32_t token(std::int32_t node) const { return nodes_[index(node)].token; }
  // The tokens from the first to that of `node`.
  std::vector<int> path(std::int32_t node) const;

 private:
  struct Node {
    std::int32_t parent;
    std::int32_t token;
  };
  static std::size_t index(std::int32_t node) { return static_cast<std::size_t>(node); }

  std::vector<Node> nodes_;
};

// A hypothesis that is to go on. At first, when nothing follows the prompt yet, it has no parent
// and no token.
struct LiveRow {
  std::int32_t parent = -1;  // the row of the session that it continues
  std::int32_t token = -1;   // by this token
  std::int32_t ordinal = 0;  // which of the prompt's hypotheses it is; sampling draws by it
};

class Search {
 public:
  virtual ~Search() = default;

  // Empty when the search is over.
  std::span<const LiveRow> live() const { return live_; }
  // What live row i has written, its last token included.
  virtual std::vector<int> written(std::size_t i) const = 0;
  // Extends live row i, which is row rows[i] of the session, by one of candidates.row(first + i).
  virtual void extend(const Candidates& candidates, std::int64_t first,
                      std::span<const std::int32_t> rows) = 0;
  // The n best, best first; after the search is over.
  virtual std::vector<Hypothesis> result() const = 0;

 protected:
  std::vector<LiveRow> live_;
};

// log_probability / length^penalty.
double normalized_score(double log_probability, std::int64_t length, double length_penalty);

}  // namespace heed
