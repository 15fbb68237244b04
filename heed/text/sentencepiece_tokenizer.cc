#include "heed/text/sentencepiece_tokenizer.h"

#include <cmath>
#include <limits>
#include <unordered_set>
#include <utility>

#include "heed/text/fingerprint.h"
#include "heed/text/sentencepiece_library.h"
#include "heed/text/sentencepiece_model.h"

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

}  // namespace

SentencePieceTokenizer::SentencePieceTokenizer(std::string model,
                                               std::shared_ptr<const Vocabulary> vocabulary,
                                               bool own_vocabulary, const std::string& source)
    : library_(std::make_unique<const SentencePieceLibrary>(std::move(model), source)),
      vocabulary_(std::move(vocabulary)),
      own_vocabulary_(own_vocabulary) {
  ids_.reserve(library_->pieces().size());
  for (const ModelPiece& piece : library_->pieces()) {
    const bool text = piece.type != PieceType::unknown && piece.type != PieceType::control;
    ids_.push_back(text ? vocabulary_->id_of_text(piece.text) : vocabulary_->unknown_id());
    if (piece.type == PieceType::unknown) {
      unknown_text_ = piece.text;
    }
  }
}

SentencePieceTokenizer::~SentencePieceTokenizer() = default;

std::vector<int> SentencePieceTokenizer::encode(std::string_view line) const {
  std::vector<int> ids;
  if (const std::size_t length = language_code_length(line); length > 0) {
    const int code = vocabulary_->id_of_text(line.substr(0, length));
    if (code != vocabulary_->unknown_id()) {
      ids.push_back(code);
      line.remove_prefix(length);
    }
  }
  const std::vector<int> library_ids = library_->encode(line);
  ids.reserve(ids.size() + library_ids.size());
  for (const int id : library_ids) {
    ids.push_back(ids_.at(static_cast<std::size_t>(id)));
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
      pieces.push_back(unknown_text_);
    } else if (!vocabulary_->is_special(id)) {
      pieces.push_back(piece);
    }
  }
  return with_spaces(library_->decode(pieces));
}

std::string SentencePieceTokenizer::kind() const {
  return merge_scores().empty() ? "sentencepiece-unigram" : "sentencepiece-bpe";
}

std::vector<float> SentencePieceTokenizer::merge_scores() const {
  std::vector<float> scores(static_cast<std::size_t>(size()),
                            std::numeric_limits<float>::infinity());
  for (const ModelPiece& piece : library_->pieces()) {
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
      {source ? "source.spm" : "target.spm", library_->model()},
      {own_vocabulary_ && !source ? "target_vocab.json" : "vocab.json", vocabulary_->to_json()}};
}

std::uint64_t SentencePieceTokenizer::fingerprint() const {
  Fingerprint fingerprint;
  fingerprint.add(library_->model());
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
