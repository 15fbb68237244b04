#include "heed/text/score_bpe.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>

#include "heed/base/error.h"
#include "heed/text/sentencepiece_ids.h"

namespace heed {

namespace {

// A message of protocol buffers: the fields of sentencepiece_model.proto that matter here.
class MessageWriter {
 public:
  MessageWriter& number(unsigned field, std::uint64_t value) {
    varint(field << 3);
    varint(value);
    return *this;
  }
  MessageWriter& real(unsigned field, float value) {
    varint(field << 3 | 5u);
    auto bits = std::bit_cast<std::uint32_t>(value);
    for (int i = 0; i < 4; ++i, bits >>= 8) {
      bytes_ += static_cast<char>(bits & 0xFFu);
    }
    return *this;
  }
  MessageWriter& text(unsigned field, std::string_view value) {
    varint(field << 3 | 2u);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) {
      bytes_ += static_cast<char>((value & 0x7Fu) | 0x80u);
    }
    bytes_ += static_cast<char>(value);
  }
  std::string bytes_;
};

std::string with_marks(std::string_view piece) {
  std::string text;
  for (const char c : piece) {
    text += c == ' ' ? "▁" : std::string_view(&c, 1);
  }
  return text;
}

// SentencePiece's model of the vocabulary. Numbers of fields: see sentencepiece_model.proto.
std::string model_of(const ScoredVocabulary& vocabulary) {
  MessageWriter model;
  bool bytes = false;
  MessageWriter trainer;
  trainer.number(3, 2);  // byte-pair encoding
  for (std::size_t id = 0; id < vocabulary.pieces.size(); ++id) {
    const ModelPiece& piece = vocabulary.pieces[id];
    bytes = bytes || piece.type == PieceType::byte;
    const std::string text = with_marks(piece.text);
    model.text(1, MessageWriter()
                      .text(1, text)
                      .real(2, piece.score)
                      .number(3, static_cast<std::uint64_t>(piece.type))
                      .bytes());
    if (piece.type == PieceType::unknown) {
      trainer.number(40, id).text(45, text);
    } else if (piece.type == PieceType::control && text == "<s>") {
      trainer.number(41, id).text(46, text);
    } else if (piece.type == PieceType::control && text == "</s>") {
      trainer.number(42, id).text(47, text);
    }
  }
  trainer.number(4, vocabulary.pieces.size()).number(35, bytes ? 1 : 0);
  MessageWriter normalizer;  // nothing is rewritten, and no space is lost
  normalizer.text(1, "identity").number(3, vocabulary.prepend_space ? 1 : 0).number(4, 0);
  normalizer.number(5, 1);
  return model.text(2, trainer.bytes()).text(3, normalizer.bytes()).bytes();
}

}  // namespace

std::shared_ptr<const Tokenizer> make_score_tokenizer(const ScoredVocabulary& vocabulary,
                                                      const std::string& source) {
  return std::make_shared<const SentencePieceIds>(
      model_of(vocabulary), SentencePieceUse{.begins = vocabulary.begins}, ModelFiles(), source);
}

}  // namespace heed
