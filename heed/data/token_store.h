// The token ids of an encoded corpus, in a file that is mapped into memory.
//
// Running text has a store of its own (heed/data/token_text.h).
//
// The file holds, in the byte order of the machine: a header of fixed size; the ids (int32) of each
// pair, the source's and then the target's, without </s>; and an index of the pairs. It is written
// to a temporary file and renamed, so a reader never sees a part of one.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "heed/base/files.h"

namespace heed {

// What became of the pairs of the corpus.
struct PairCounts {
  std::int64_t read = 0;
  std::int64_t kept = 0;
  std::int64_t empty = 0;    // left out: a side without tokens
  std::int64_t skipped = 0;  // left out: a side too long
  std::int64_t cut = 0;      // kept, shortened
  bool operator==(const PairCounts&) const = default;
};

// What the header says of the file.
struct TokenStoreHeader {
  std::uint64_t magic = 0;
  std::uint64_t version = 0;
  std::uint64_t identity = 0;  // of what the store was made from
  std::uint64_t pair_count = 0;
  std::uint64_t token_count = 0;
  std::uint64_t source_token_count = 0;
  std::uint64_t source_vocabulary = 0;  // ids are below
  std::uint64_t target_vocabulary = 0;
  PairCounts counts;
  std::uint64_t payload_checksum = 0;
  std::uint64_t header_checksum = 0;
};

class TokenStore {
 public:
  // Opens and checks a file: sizes, checksums, that each pair lies inside and each id below its
  // vocabulary's size. Errors name the path: input_output (missing, unreadable), bad_data (damaged,
  // of another version).
  explicit TokenStore(const std::filesystem::path& path);

  std::int64_t size() const { return static_cast<std::int64_t>(header_.pair_count); }
  // The ids of pair i, 0 <= i < size(), without </s>.
  std::span<const std::int32_t> source(std::int64_t i) const;
  std::span<const std::int32_t> target(std::int64_t i) const;
  // The number of pair i in the corpus, from 1.
  std::int64_t pair_number(std::int64_t i) const;

  std::int64_t source_token_count() const {
    return static_cast<std::int64_t>(header_.source_token_count);
  }
  std::int64_t target_token_count() const {
    return static_cast<std::int64_t>(header_.token_count - header_.source_token_count);
  }
  const PairCounts& counts() const { return header_.counts; }
  std::uint64_t identity() const { return header_.identity; }

 private:
  struct Record;
  friend class TokenStoreWriter;

  void check_header(const std::string& name) const;
  void check_pairs(const std::string& name) const;
  const Record& record(std::int64_t i) const;

  MappedFile file_;
  TokenStoreHeader header_;
  const std::int32_t* tokens_ = nullptr;
  const Record* records_ = nullptr;
};

// The store at `path` when it was made from `identity`; else null: one that is missing, damaged or
// of something else is no error, it is made anew.
std::shared_ptr<const TokenStore> open_store_of(const std::filesystem::path& path,
                                                std::uint64_t identity);

// Writes a store pair by pair, in memory that does not grow with the corpus. One writer to a path
// at a time: the temporary file is `path`.tmp, so that what a killed process left is written over.
class TokenStoreWriter {
 public:
  TokenStoreWriter(std::filesystem::path path, std::uint64_t identity, int source_vocabulary,
                   int target_vocabulary);
  // Removes what was not finished.
  ~TokenStoreWriter();
  TokenStoreWriter(const TokenStoreWriter&) = delete;
  TokenStoreWriter& operator=(const TokenStoreWriter&) = delete;

  // Errors: input_output (a full disk).
  void add(std::span<const int> source, std::span<const int> target, std::int64_t pair_number);
  // Puts the file in its place. Errors: input_output; nothing is left behind then.
  void finish(const PairCounts& counts);

 private:
  struct FileCloser {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  using File = std::unique_ptr<std::FILE, FileCloser>;

  File create(const std::filesystem::path& path) const;
  void write(const File& file, const void* data, std::size_t size) const;
  void append_records();

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  std::filesystem::path temporary_records_;
  TokenStoreHeader header_;
  File tokens_;
  File records_;
};

}  // namespace heed
