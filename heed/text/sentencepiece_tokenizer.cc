#include "heed/text/sentencepiece_tokenizer.h"

#include <sentencepiece_processor.h>

#include <cmath>
#include <exception>
#include <limits>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/unicode.h"
#include "heed/text/fingerprint.h"
#include "heed/text/sentencepiece_model.h"
#include "heed/text/unknown_runs.h"

namespace heed {

namespace {

// The length of a leading >>xx<<, 0 when there is none.
std::size_t language_code_length(std::string_view line) {
  if (!line.starts_with(">>")) {
    return 0;
  }
  const std::size_t end = line.find("<<", 2);
  return end == std::string_view::npos ? 0 : end + 2;
}

void load_library(sentencepiece::SentencePieceProcessor& library, const std::string& model,
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

}  // namespace

struct SentencePieceTokenizer::Processor {
  // Made for the first long line: most tokenizers never see one.
  const UnknownRuns& unknown_runs(const std::string& model) {
    std::call_once(runs_made, [&] { runs.emplace(model, check_sentencepiece_model(model, "")); });
    return *runs;
  }

  std::once_flag runs_made;
  std::optional<UnknownRuns> runs;
  sentencepiece::SentencePieceProcessor library;
  std::vector<int> ids;  // from SentencePiece's ids to the vocabulary's
  std::string unknown_text;
};

SentencePieceTokenizer::SentencePieceTokenizer(std::string model,
                                               std::shared_ptr<const Vocabulary> vocabulary,
                                               bool own_vocabulary, const std::string& source)
    : model_(std::move(model)),
      vocabulary_(std::move(vocabulary)),
      own_vocabulary_(own_vocabulary) {
  const std::vector<ModelPiece> pieces = check_sentencepiece_model(model_, source);
  processor_ = std::make_unique<Processor>();
  load_library(processor_->library, model_, source);
  check_data(std::cmp_equal(processor_->library.GetPieceSize(), pieces.size()),
             "{}: SentencePiece reads {} pieces where {} stand", source,
             processor_->library.GetPieceSize(), pieces.size());
  processor_->ids.reserve(pieces.size());
  for (const ModelPiece& piece : pieces) {
    const bool text = piece.type != PieceType::unknown && piece.type != PieceType::control;
    processor_->ids.push_back(text ? vocabulary_->id_of_text(piece.text)
                                   : vocabulary_->unknown_id());
    if (piece.type == PieceType::unknown) {
      processor_->unknown_text = piece.text;
    }
  }
}

SentencePieceTokenizer::~SentencePieceTokenizer() = default;

std::vector<int> SentencePieceTokenizer::encode(std::string_view line) const {
  const auto invalid = find_invalid_utf8(line);
  check_data(!invalid, "tokenizer: invalid UTF-8 at byte {} of the line", invalid.value_or(0));
  check_data(line.find('\0') == std::string_view::npos, "tokenizer: the line has a NUL byte");
  std::vector<int> ids;
  if (const std::size_t length = language_code_length(line); length > 0) {
    const int code = vocabulary_->id_of_text(line.substr(0, length));
    if (code != vocabulary_->unknown_id()) {
      ids.push_back(code);
      line.remove_prefix(length);
    }
  }
  std::string shortened;
  if (line.size() >= UnknownRuns::shortest_line) {
    line = processor_->unknown_runs(model_).shorten(line, shortened);
  }
  std::vector<int> library_ids;
  const auto status = processor_->library.Encode(line, &library_ids);
  check(status.ok(), "tokenizer: SentencePiece cannot encode the line: {}", status.message());
  ids.reserve(ids.size() + library_ids.size());
  for (const int id : library_ids) {
    ids.push_back(processor_->ids.at(static_cast<std::size_t>(id)));
  }
  return ids;
}

namespace {

// The library leaves the mark of a space in pieces that its model does not have, as those of the
// other side's model under one vocabulary.
std::string with_spaces(std::string text) {
  constexpr std::string_view mark = "▁";
  if (text.starts_with(mark)) {
    text.erase(0, mark.size());
  }
  for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos;) {
    text.replace(at, mark.size(), " ");
  }
  return text;
}

}  // namespace

std::string SentencePieceTokenizer::decode(std::span<const int> ids) const {
  std::vector<std::string> pieces;
  pieces.reserve(ids.size());
  for (const int id : ids) {
    const std::string& piece = vocabulary_->piece(id);
    if (id == unknown_id()) {
      pieces.push_back(processor_->unknown_text);
    } else if (!vocabulary_->is_special(id)) {
      pieces.push_back(piece);
    }
  }
  std::string text;
  const auto status = processor_->library.Decode(pieces, &text);
  check(status.ok(), "tokenizer: SentencePiece cannot decode the ids: {}", status.message());
  return with_spaces(std::move(text));
}

std::string SentencePieceTokenizer::kind() const {
  return merge_scores().empty() ? "sentencepiece-unigram" : "sentencepiece-bpe";
}

std::vector<float> SentencePieceTokenizer::merge_scores() const {
  std::vector<float> scores(static_cast<std::size_t>(size()),
                            std::numeric_limits<float>::infinity());
  for (const ModelPiece& piece : check_sentencepiece_model(model_, "tokenizer")) {
    if (piece.type == PieceType::normal) {
      // Ranks of merges, counted down from 0; a unigram model has log-probabilities here.
      if (piece.score > 0 || piece.score != std::floor(piece.score)) {
        return {};
      }
      if (const int id = vocabulary_->id_of_text(piece.text); id != unknown_id()) {
        scores[static_cast<std::size_t>(id)] = piece.score;
      }
    }
  }
  return scores;
}

ModelFiles SentencePieceTokenizer::files(Side side) const {
  const bool source = side == Side::source;
  return {
      {source ? "source.spm" : "target.spm", model_},
      {own_vocabulary_ && !source ? "target_vocab.json" : "vocab.json", vocabulary_->to_json()}};
}

std::uint64_t SentencePieceTokenizer::fingerprint() const {
  Fingerprint fingerprint;
  fingerprint.add(model_);
  fingerprint.add(vocabulary_->fingerprint());
  return fingerprint.value();
}

std::vector<std::string> text_pieces(const std::vector<std::string>& models,
                                     const std::string& source) {
  std::vector<std::string> result;
  std::unordered_set<std::string> seen;
  for (const std::string& model : models) {
    for (ModelPiece& piece : check_sentencepiece_model(model, source)) {
      const bool text = piece.type != PieceType::unknown && piece.type != PieceType::control;
      if (text && seen.insert(piece.text).second) {
        result.push_back(std::move(piece.text));
      }
    }
  }
  return result;
}

}  // namespace heed
