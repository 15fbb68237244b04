#include "heed/data/parallel_corpus.h"

#include <filesystem>
#include <fstream>
#include <utility>

#include "heed/base/error.h"
#include "heed/text/fingerprint.h"

namespace heed {

namespace {

using Visit = std::function<void(const SentencePair&)>;

std::int64_t count_rest(LineReader& reader) {
  while (reader.next()) {
  }
  return reader.line_number();
}

void visit_files(const std::string& source_path, const std::string& target_path,
                 std::size_t line_limit, std::int64_t& number, const Visit& visit) {
  LineReader source(source_path, line_limit);
  LineReader target(target_path, line_limit);
  for (;;) {
    const auto source_line = source.next();
    const auto target_line = target.next();
    if (source_line && target_line) {
      visit({*source_line, *target_line, ++number});
      continue;
    }
    if (source_line || target_line) {
      const std::int64_t source_count = count_rest(source);
      const std::int64_t target_count = count_rest(target);
      fail(ErrorKind::bad_data, "{} has {} lines, but {} has {}; they must correspond line by line",
           source_path, source_count, target_path, target_count);
    }
    return;
  }
}

void add_file(Fingerprint& fingerprint, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  check_io(file.is_open(), "{}: cannot open", path);
  std::vector<char> buffer(std::size_t{1} << 20);
  do {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    fingerprint.add(std::string_view(buffer.data(), static_cast<std::size_t>(file.gcount())));
  } while (file);
  check_io(file.eof() && !file.bad(), "{}: cannot read", path);
}

}  // namespace

void check_corpus_file(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  check_io(status.type() != std::filesystem::file_type::not_found, "{}: cannot open: no such file",
           path);
  check_io(status.type() != std::filesystem::file_type::directory,
           "{}: is a directory, expected a file", path);
  check_io(status.type() == std::filesystem::file_type::regular,
           "{}: is no regular file; a corpus is read more than once", path);
}

ParallelCorpus::ParallelCorpus(CorpusFiles files) : files_(std::move(files)) {
  check_usage(files_.table.empty() || (files_.source.empty() && files_.target.empty()),
              "corpus: give either source and target files or a table, not both");
  check_usage(!files_.table.empty() || !files_.source.empty() || !files_.target.empty(),
              "corpus: no files are given");
  check_usage(files_.source.size() == files_.target.size(),
              "corpus: {} source files, but {} target files", files_.source.size(),
              files_.target.size());
  check_usage(files_.source_column >= 1 && files_.target_column >= 1,
              "corpus: columns count from 1, got {} and {}", files_.source_column,
              files_.target_column);
  check_usage(files_.line_limit >= 1, "corpus: line_limit: {} is less than 1", files_.line_limit);
  for (const auto* list : {&files_.source, &files_.target, &files_.table}) {
    for (const std::string& path : *list) {
      check_corpus_file(path);
    }
  }
}

void ParallelCorpus::for_each(const Visit& visit) const {
  std::int64_t number = 0;
  const auto line_limit = static_cast<std::size_t>(files_.line_limit);
  for (std::size_t i = 0; i < files_.source.size(); ++i) {
    visit_files(files_.source[i], files_.target[i], line_limit, number, visit);
  }
  for (const std::string& path : files_.table) {
    LineReader reader(path, line_limit);
    while (const auto line = reader.next()) {
      visit({tsv_column(*line, files_.source_column, reader),
             tsv_column(*line, files_.target_column, reader), ++number});
    }
  }
  check_data(number > 0, "{}: the corpus is empty", name());
}

PairStream ParallelCorpus::stream() const {
  return [this](const PairVisitor& visit) {
    for_each([&](const SentencePair& pair) { visit(pair.source, pair.target); });
  };
}

std::uint64_t ParallelCorpus::fingerprint() const {
  Fingerprint fingerprint;
  for (const auto* list : {&files_.source, &files_.target, &files_.table}) {
    fingerprint.add(std::uint64_t{list->size()});
    for (const std::string& path : *list) {
      add_file(fingerprint, path);
    }
  }
  fingerprint.add(static_cast<std::uint64_t>(files_.source_column));
  fingerprint.add(static_cast<std::uint64_t>(files_.target_column));
  return fingerprint.value();
}

}  // namespace heed
