// Held-out sentences that a training corpus contains: what a model is tested on, it may not have
// learned from.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "heed/data/finding_list.h"
#include "heed/data/parallel_corpus.h"

namespace heed {

// Sentences are compared by 64-bit hashes of their bytes. One object belongs to one thread.
class HeldOut {
 public:
  // Reads the held-out corpora, which must outlive this; sides that cannot be read as text are left
  // out. Errors: those of PairReader; bad_data: more than checked_pair_limit pairs.
  explicit HeldOut(std::span<const ParallelCorpus> corpora);

  // A pair of the training corpus, both sides with text in them.
  void look_for(std::uint64_t source_hash, std::uint64_t target_hash, std::int64_t line);

  // Adds what was found, in the order of the held-out lines.
  void report(FindingList& findings) const;

 private:
  struct Sentence {
    std::size_t corpus = 0;
    std::int64_t line = 0;
    std::uint64_t target_hash = 0;
    std::int64_t pair_line = 0;    // where the corpus has the pair first; 0: nowhere
    std::int64_t source_line = 0;  // the source, with another target
  };

  void read(std::size_t corpus);

  std::span<const ParallelCorpus> corpora_;
  std::vector<Sentence> sentences_;
  std::unordered_multimap<std::uint64_t, std::size_t> by_source_;  // to a place in sentences_
};

}  // namespace heed
