// Text files as blocks of text, one after the other, never a whole file; and the documents in them.
//
//   TextBlocks blocks({"a.txt", "b.txt.gz"}, {.documents = "line"});
//   TextBlock block;
//   while (blocks.next(block)) {
//     for_each_stretch(block, form, [&](const TextStretch& stretch) { … });
//   }
//
// Where a block ends is decided by the text alone, so that what is made of blocks depends neither
// on threads nor on how the file is compressed. Documents by line, by blank line or of JSON lines
// lie whole in a block. Running text, and a file that is one document, is cut at a single line
// break between two characters that are no white space, where byte-level BPE (GPT-2's pattern)
// gives the same tokens as without the cut; without such a line break at a space like that, and
// without that between two characters.
//
// Thread-safety: one TextBlocks belongs to one thread at a time; functions from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "heed/data/stream_fingerprint.h"
#include "heed/data/text_stream.h"

namespace heed {

// What a text is made of; parts of recipes and options of commands.
struct TextForm {
  std::string documents = "none";  // none, line, blank-line, file or json
  std::string json_key = "text";

  bool has_documents() const { return documents != "none"; }
};

inline constexpr const char* text_documents_help =
    "what a document is: none (running text), line, blank-line (blank lines part them), file, or "
    "json (a JSON object a line)";

// Errors (usage) name the key, as one of data.
void check_text_form(const TextForm& form);

struct TextBlock {
  std::string text;
  std::string file;
  std::int64_t place = 0;  // bytes of the file before it, decompressed
  std::int64_t line = 1;   // the number of its first line
  std::size_t part = 0;    // how many cuts lie before it
  bool begins = false;     // the file begins
  bool ends = false;       // the file ends
};

class TextBlocks {
 public:
  static constexpr std::size_t usual_size = std::size_t{1} << 18;      // bytes
  static constexpr std::size_t document_limit = std::size_t{1} << 26;  // bytes

  // `cuts`: ascending places in the text of all files together. A block ends before each: running
  // text between two characters, documents before the one in which the cut lies.
  TextBlocks(std::vector<std::string> files, const TextForm& form,
             std::vector<std::int64_t> cuts = {}, std::size_t size = usual_size);

  // False at the end. Errors name the file: input_output; bad_data: damaged or cut-off compression,
  // a file without text, a document longer than document_limit, with its line.
  bool next(TextBlock& block);

  // Of all that was read: when next() has come to the end, fingerprint_of_texts(files).
  std::uint64_t fingerprint() const { return fingerprint_.value(); }

 private:
  bool open_next();
  void fill(std::size_t size);
  std::size_t end_of_block();
  std::size_t last_boundary(std::size_t most) const;
  void take(std::size_t size, TextBlock& block);

  std::vector<std::string> files_;
  TextForm form_;
  std::vector<std::int64_t> cuts_;
  std::size_t size_;
  std::unique_ptr<TextStream> stream_;
  bool file_ended_ = false;
  std::size_t file_ = 0;  // the number of the next one
  std::string rest_;      // read and not given yet
  std::int64_t position_ = 0, place_ = 0, line_ = 1;
  std::size_t part_ = 0;
  bool begins_ = false;
  StreamFingerprint fingerprint_;
};

// Changes with the content of any of the files, whether compressed or not. Reads them whole, a
// block at a time. Errors: those of TextStream.
std::uint64_t fingerprint_of_texts(std::span<const std::string> files);

// The bytes of the files, decompressed. Reads compressed files, asks the system for the others.
std::vector<std::int64_t> text_sizes(std::span<const std::string> files);

// Text that is encoded in one go: a document, or a part of one, or of running text.
struct TextStretch {
  std::string_view text;
  bool begins = false;  // a document
  bool ends = false;
};

// Errors (bad_data) name the file: invalid UTF-8 with its byte in the file; a JSON line that is
// none, or has no text under the key, with the line.
void for_each_stretch(const TextBlock& block, const TextForm& form,
                      const std::function<void(const TextStretch&)>& visit);

}  // namespace heed
