// Reads a parallel corpus and tells what is odd in it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "heed/base/json_forward.h"
#include "heed/data/parallel_corpus.h"

namespace heed {

// One oddity, met in one place.
struct FindingExample {
  std::int64_t line = 0;
  std::string note;  // what is wrong there, or the text, shortened
};

// One kind of oddity. `unusable` says that training refuses a corpus with it.
struct Finding {
  std::string kind;     // a key, such as "duplicate_pairs"
  std::string meaning;  // in words
  bool unusable = false;
  std::int64_t count = 0;
  std::vector<FindingExample> examples;  // the first few
};

// The distribution of a length over the lines of one side.
struct LengthSummary {
  double mean = 0;
  std::int64_t median = 0;
  std::int64_t percentile_90 = 0;
  std::int64_t percentile_99 = 0;
  std::int64_t longest = 0;
};

struct SideReport {
  std::string name;  // the file
  std::int64_t lines = 0;
  LengthSummary words;
  LengthSummary characters;
  std::vector<FindingExample> longest_lines;  // by words
};

struct CorpusReport {
  SideReport source;
  SideReport target;
  std::int64_t pairs = 0;         // lines that both sides have
  std::vector<Finding> findings;  // those that occurred

  bool usable() const;
};

// Pairs are compared with one another, so what is remembered of them grows with their number.
inline constexpr std::int64_t checked_pair_limit = 50'000'000;

// Reads the corpus to its end, twice, however much is wrong with it, and keeps `examples` examples
// of each kind of finding; looks for what it has in common with the `held_out` corpora, which are
// read once. Takes some tens of bytes of memory for a pair that is not empty. Errors: input_output
// (a file cannot be read), bad_data (damaged compression, a line of more than skipped_line_limit
// bytes, more than checked_pair_limit pairs), usage as for ParallelCorpus.
CorpusReport check_corpus(const ParallelCorpus& corpus, int examples = 5,
                          std::span<const ParallelCorpus> held_out = {});

// For people, and for programs.
std::string report_text(const CorpusReport& report);
Json report_json(const CorpusReport& report);

}  // namespace heed
