// One sentence's search for its translations: what beam search, greedy decoding and sampling have
// in common. decode() drives many searches side by side, row by row of one session:
//
//   while some search has live rows:
//     logits = session.advance(parents and tokens of all live rows)
//     candidates of every row: the most probable tokens, or drawn ones
//     search.extend(candidates, its first row)         for each search
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "heed/generation/decoding.h"

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

// A row that is to be fed to the session next.
struct LiveRow {
  std::int32_t parent;   // row of the last step (of the first: sentence in the batch)
  std::int32_t token;    // its latest token
  std::int32_t ordinal;  // which of the sentence's hypotheses it is; sampling draws by it
};

class Search {
 public:
  virtual ~Search() = default;

  // Empty when the search is over.
  std::span<const LiveRow> live() const { return live_; }
  // Extends live row i by one of candidates.row(first_row + i).
  virtual void extend(const Candidates& candidates, std::int64_t first_row) = 0;
  // The n best, best first; after the search is over.
  virtual std::vector<Hypothesis> result() const = 0;

 protected:
  std::vector<LiveRow> live_;
};

// log_probability / length^penalty.
double normalized_score(double log_probability, std::int64_t length, double length_penalty);

}  // namespace heed
