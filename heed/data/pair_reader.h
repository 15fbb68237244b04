// Reads a parallel corpus that may be broken, without stopping at what is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "heed/data/line_reader.h"
#include "heed/data/parallel_corpus.h"

namespace heed {

// What stands at one place of a corpus. A side is missing when its file ended before the other's,
// or when the table's line lacks its column. The texts are valid until the next call.
struct PossiblePair {
  std::int64_t number = 0;  // in the whole corpus, from 1
  std::optional<Line> source;
  std::optional<Line> target;
};

class PairReader {
 public:
  explicit PairReader(const CorpusFiles& files) : files_(files) {}

  // The next place, or nothing at the end. Errors as for LineReader's next_with_problem().
  std::optional<PossiblePair> next();

 private:
  bool open_next();
  std::optional<PossiblePair> next_of_files();
  std::optional<PossiblePair> next_of_table();

  const CorpusFiles& files_;
  std::size_t file_ = 0;  // the next to open
  std::unique_ptr<LineReader> source_;
  std::unique_ptr<LineReader> target_;
  std::int64_t number_ = 0;
};

}  // namespace heed
