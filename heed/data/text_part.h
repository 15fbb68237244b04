// A text, or a part of one, as its encoded blocks come: into a file, or into memory. Of
// text_encoding.cc.
//
// Thread-safety: one object belongs to one thread at a time; functions from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "heed/base/error.h"
#include "heed/data/text_blocks.h"
#include "heed/data/text_counts.h"
#include "heed/data/token_text.h"
#include "heed/text/tokenizer.h"

namespace heed {

// The symbols that a text gets, and where.
struct TextMarks {
  std::optional<int> start;
  int end = 0;
  bool documents = false;
};

// Errors (usage): documents, and a tokenizer without an end symbol.
TextMarks marks_of(const TextForm& form, const Tokenizer& tokenizer);

struct EncodedBlock {
  std::vector<int> ids;
  std::vector<std::size_t> documents;  // where in ids they begin
  TextCounts counts;
  bool begins_in_word = false, ends_in_word = false;
};

// Errors: those of for_each_stretch and of the tokenizer.
EncodedBlock encode_block(const TextBlock& block, const TextForm& form, const TextMarks& marks,
                          const Tokenizer& tokenizer);

// The tokens of a text that are held in memory at most.
inline constexpr std::size_t held_tokens = std::size_t{1} << 28;

// What becomes of the encoded blocks of one part.
class PartSink {
 public:
  virtual ~PartSink() = default;
  virtual void add(std::span<const int> ids) = 0;
  virtual void begin_document() = 0;
  virtual void finish(const TextCounts& counts, TokenTextOrigin origin) = 0;
};

class FileSink : public PartSink {
 public:
  FileSink(const std::filesystem::path& path, int vocabulary, bool starts)
      : writer_(path, vocabulary, starts), name_(path.stem().string()) {}
  void add(std::span<const int> ids) override { writer_.add(ids); }
  void begin_document() override { writer_.begin_document(); }
  void finish(const TextCounts& counts, TokenTextOrigin origin) override {
    check_data(writer_.size() >= 2, "{}: a text of {} tokens; nothing follows from anything there",
               name_, writer_.size());
    writer_.finish(counts, origin);
  }

 private:
  TokenTextWriter writer_;
  std::string name_;
};

class MemorySink : public PartSink {
 public:
  MemorySink(std::string name, bool starts) : name_(std::move(name)), starts_(starts) {}
  void add(std::span<const int> ids) override {
    check_data(ids.size() <= held_tokens - ids_.size(),
               "{}: more than the {} tokens that are held at most; use a part of it", name_,
               held_tokens);
    ids_.insert(ids_.end(), ids.begin(), ids.end());
  }
  void begin_document() override { documents_.push_back(ids_.size()); }
  void finish(const TextCounts& counts, TokenTextOrigin origin) override {
    check_data(ids_.size() >= 2, "{}: a text of {} tokens; nothing follows from anything there",
               name_, ids_.size());
    text = std::make_shared<const TokenText>(std::move(ids_), std::move(documents_), starts_,
                                             counts, origin);
  }

  std::shared_ptr<const TokenText> text;

 private:
  std::string name_;
  bool starts_;
  std::vector<std::int32_t> ids_;
  std::vector<std::uint64_t> documents_;
};

// A part as its blocks come.
class PartInProgress {
 public:
  PartInProgress(std::unique_ptr<PartSink> sink, const TextMarks& marks)
      : sink_(std::move(sink)), marks_(marks) {}

  bool is_wanted() const { return sink_ != nullptr; }
  PartSink& sink() { return *sink_; }

  void add(const TextBlock& block, const EncodedBlock& encoded) {
    if (!std::exchange(begun_, true) && !marks_.documents && marks_.start) {
      sink_->add(std::span(&*marks_.start, 1));
    }
    const std::span<const int> ids(encoded.ids);
    std::size_t done = 0;
    for (const std::size_t document : encoded.documents) {
      sink_->add(ids.subspan(done, document - done));
      sink_->begin_document();
      done = document;
    }
    sink_->add(ids.subspan(done));
    counts_ += encoded.counts;
    if (in_word_ && encoded.begins_in_word && !block.begins) {
      --counts_.words;  // one word, in two blocks
    }
    in_word_ = encoded.ends_in_word;
  }
  void finish(TokenTextOrigin origin) { sink_->finish(counts_, origin); }

 private:
  std::unique_ptr<PartSink> sink_;
  TextMarks marks_;
  TextCounts counts_;
  bool begun_ = false, in_word_ = false;
};

}  // namespace heed
