// Parallel corpora: pairs of sentences that are translations of each other.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "heed/data/line_reader.h"
#include "heed/text/tokenizer_kinds.h"

namespace heed {

// Where a corpus lies: files in pairs, line by line, or tables with a column for each side; plain
// or gzip-compressed. Several are read one after the other.
struct CorpusFiles {
  std::vector<std::string> source;
  std::vector<std::string> target;
  std::vector<std::string> table;
  int source_column = 1;
  int target_column = 2;
  int line_limit = static_cast<int>(default_line_limit);

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("source", source, "files of source sentences, one a line; .gz as well");
    visit("target", target, "files of their translations, line by line");
    visit("table", table, "files of tab-separated columns, instead of source and target");
    visit("source_column", source_column, "table: the column of the source, from 1");
    visit("target_column", target_column, "table: the column of the target, from 1");
    visit("line_limit", line_limit, "a longer line, in bytes, is refused");
  }
};

// Errors (input_output): a file that is missing, a directory, or no regular file, since a corpus is
// read more than once.
void check_corpus_file(const std::string& path);

struct SentencePair {
  std::string_view source;
  std::string_view target;
  std::int64_t number = 0;  // in the whole corpus, from 1
};

class ParallelCorpus {
 public:
  // Errors: usage when the files make no corpus; input_output for a file that is missing, a
  // directory, or no regular file (a corpus is read more than once).
  explicit ParallelCorpus(CorpusFiles files);

  // Visits the pairs in order. Errors (bad_data): a pair of files with different line counts (both
  // are named), no lines at all, what LineReader and tsv_column refuse.
  void for_each(const std::function<void(const SentencePair&)>& visit) const;

  // The same pairs for the trainers of tokenizers.
  PairStream stream() const;

  // Changes with the content of the files and with how they are read. Reads them whole.
  std::uint64_t fingerprint() const;

  const CorpusFiles& files() const { return files_; }
  // Its first file, to name it by.
  const std::string& name() const {
    return files_.table.empty() ? files_.source.front() : files_.table.front();
  }

 private:
  CorpusFiles files_;
};

}  // namespace heed
