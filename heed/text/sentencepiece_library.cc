#include "heed/text/sentencepiece_library.h"

#include <sentencepiece_processor.h>

#include <exception>
#include <mutex>
#include <optional>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/unicode.h"
#include "heed/text/unknown_runs.h"

namespace heed {

namespace {

using sentencepiece::SentencePieceProcessor;

void load_library(SentencePieceProcessor& library, const std::string& model,
                  const std::string& source) {
  try {
    const auto status = library.LoadFromSerializedProto(model);
    check_data(status.ok(), "{}: SentencePiece refuses the model: {}", source, status.message());
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {  // its trie builder throws
    fail(ErrorKind::bad_data, "{}: SentencePiece refuses the model: {}", source, error.what());
  }
}

std::vector<int> encode_by(const SentencePieceProcessor& library, std::string_view line) {
  std::vector<int> ids;
  const auto status = library.Encode(line, &ids);
  check(status.ok(), "tokenizer: SentencePiece cannot encode the line: {}", status.message());
  return ids;
}

}  // namespace

struct SentencePieceLibrary::Processors {
  SentencePieceProcessor whole;
  // Made for the first text that asks for it: most tokenizers never see one.
  std::once_flag inner_made, runs_made;
  SentencePieceProcessor inner;
  std::optional<UnknownRuns> runs;
};

SentencePieceLibrary::SentencePieceLibrary(std::string model, const std::string& source)
    : model_(std::move(model)),
      pieces_(check_sentencepiece_model(model_, source)),
      processors_(std::make_unique<Processors>()) {
  load_library(processors_->whole, model_, source);
  check_data(std::cmp_equal(processors_->whole.GetPieceSize(), pieces_.size()),
             "{}: SentencePiece reads {} pieces where {} stand", source,
             processors_->whole.GetPieceSize(), pieces_.size());
}

SentencePieceLibrary::~SentencePieceLibrary() = default;

std::string_view SentencePieceLibrary::checked(std::string_view line, std::string& buffer) const {
  const auto invalid = find_invalid_utf8(line);
  check_data(!invalid, "tokenizer: invalid UTF-8 at byte {} of the line", invalid.value_or(0));
  check_data(line.find('\0') == std::string_view::npos, "tokenizer: the line has a NUL byte");
  if (line.size() < UnknownRuns::shortest_line) {
    return line;
  }
  std::call_once(processors_->runs_made, [&] { processors_->runs.emplace(model_, pieces_); });
  return processors_->runs->shorten(line, buffer);
}

std::vector<int> SentencePieceLibrary::encode(std::string_view line) const {
  std::string buffer;
  return encode_by(processors_->whole, checked(line, buffer));
}

std::vector<int> SentencePieceLibrary::encode_inner(std::string_view text) const {
  std::call_once(processors_->inner_made, [&] {
    // A second section of the same number changes what it holds: the normalizer (field 3), of which
    // add_dummy_prefix (field 3) becomes false.
    load_library(processors_->inner, model_ + std::string("\x1A\x02\x18\x00", 4), "tokenizer");
  });
  std::string buffer;
  return encode_by(processors_->inner, checked(text, buffer));
}

std::string SentencePieceLibrary::decode(const std::vector<std::string>& pieces) const {
  std::string text;
  const auto status = processors_->whole.Decode(pieces, &text);
  check(status.ok(), "tokenizer: SentencePiece cannot decode the ids: {}", status.message());
  return text;
}

}  // namespace heed
