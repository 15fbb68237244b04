// Running text as token ids, in a file that is mapped into memory, or held.
//
// The file holds, in the byte order of the machine: a header of fixed size; the ids, in 16 bits
// where the vocabulary allows it, else in 32; and where documents begin. It is written to a
// temporary file and renamed, so a reader never sees a part of one.
//
// Thread-safety: const members from any thread; a writer belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "heed/base/files.h"
#include "heed/data/stream_fingerprint.h"
#include "heed/data/text_counts.h"

namespace heed {

// What the header says of the file.
struct TokenTextHeader {
  std::uint64_t magic = 0;
  std::uint64_t version = 0;
  std::uint64_t identity = 0;  // of what it was made from
  std::uint64_t content = 0;   // the fingerprint of the text
  std::uint64_t token_count = 0;
  std::uint64_t document_count = 0;
  std::uint64_t vocabulary = 0;  // ids are below
  std::uint64_t starts = 0;      // 1: each document, or the text, begins with a start symbol
  TextCounts counts;
  std::uint64_t payload_checksum = 0;
  std::uint64_t header_checksum = 0;
};

// What a text was made from.
struct TokenTextOrigin {
  std::uint64_t identity = 0;  // with the tokenizer
  std::uint64_t content = 0;   // without it
};

class TokenText {
 public:
  // Opens and checks a file: sizes, checksums, that each id lies below the vocabulary's size and
  // documents ascend. What was read of it is given back. Errors name the path: input_output
  // (missing, unreadable), bad_data (damaged, of another version).
  explicit TokenText(const std::filesystem::path& path);
  // Held in memory. `documents`: where they begin, ascending; empty: running text.
  TokenText(std::vector<std::int32_t> ids, std::vector<std::uint64_t> documents, bool starts,
            const TextCounts& counts, TokenTextOrigin origin);

  std::int64_t size() const { return static_cast<std::int64_t>(header_.token_count); }
  // 0 <= i < size().
  std::int32_t operator[](std::int64_t i) const {
    return narrow_ != nullptr ? static_cast<std::int32_t>(narrow_[i]) : wide_[i];
  }
  // Puts the ids [begin, end) behind `ids`.
  void append(std::int64_t begin, std::int64_t end, std::vector<std::int32_t>& ids) const;

  std::span<const std::uint64_t> documents() const { return documents_; }
  bool has_start_symbols() const { return header_.starts != 0; }
  const TextCounts& counts() const { return header_.counts; }
  std::uint64_t identity() const { return header_.identity; }
  std::uint64_t content() const { return header_.content; }

 private:
  void check_header(const std::string& name) const;
  void check_payload(const std::string& name) const;

  std::optional<MappedFile> file_;
  std::vector<std::int32_t> held_;
  std::vector<std::uint64_t> held_documents_;
  TokenTextHeader header_;
  const std::uint16_t* narrow_ = nullptr;  // one of the two
  const std::int32_t* wide_ = nullptr;
  std::span<const std::uint64_t> documents_;
};

// The text at `path` when it was made from `identity`; else null: one that is missing, damaged or
// of something else is no error, it is made anew.
std::shared_ptr<const TokenText> open_token_text(const std::filesystem::path& path,
                                                 std::uint64_t identity);

// Writes a text in memory that does not grow with it. One writer to a path at a time: the temporary
// file is `path`.tmp, so that what a killed process left is written over.
class TokenTextWriter {
 public:
  TokenTextWriter(std::filesystem::path path, int vocabulary, bool starts);
  // Removes what was not finished.
  ~TokenTextWriter();
  TokenTextWriter(const TokenTextWriter&) = delete;
  TokenTextWriter& operator=(const TokenTextWriter&) = delete;

  // Errors: input_output (a full disk).
  void add(std::span<const int> ids);
  // What is added next begins a document.
  void begin_document();
  std::int64_t size() const { return static_cast<std::int64_t>(header_.token_count); }
  // Puts the file in its place. Errors: input_output; nothing is left behind then.
  void finish(const TextCounts& counts, TokenTextOrigin origin);

 private:
  struct FileCloser {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  using File = std::unique_ptr<std::FILE, FileCloser>;

  File create(const std::filesystem::path& path) const;
  void write(const File& file, const void* data, std::size_t size) const;
  void add_payload(const void* data, std::size_t size);
  void append_documents();

  std::filesystem::path path_, temporary_, temporary_documents_;
  TokenTextHeader header_;
  File payload_, documents_;
  StreamFingerprint checksum_;
  std::vector<std::uint16_t> narrow_;
};

}  // namespace heed
