// Subwords by SentencePiece (byte-pair encoding or unigram), with ids from a vocabulary of their
// own.
//
// Thread-safety: const once made; threads may share one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "heed/text/tokenizer.h"
#include "heed/text/vocabulary.h"

namespace heed {

class SentencePieceLibrary;

class SentencePieceTokenizer : public Tokenizer {
 public:
  // `model` is a serialized SentencePiece model, `vocabulary` maps its pieces (and any others, such
  // as >>de<<) to ids; `own_vocabulary` says that the other side has a different one. Errors
  // (bad_data) name `source`.
  SentencePieceTokenizer(std::string model, std::shared_ptr<const Vocabulary> vocabulary,
                         bool own_vocabulary, const std::string& source);
  ~SentencePieceTokenizer() override;

  // A leading >>xx<< that the vocabulary knows becomes its one id; the rest goes to SentencePiece.
  // Error (bad_data) also for a NUL byte.
  std::vector<int> encode(std::string_view line) const override;
  std::string decode(std::span<const int> ids) const override;
  std::string piece(int id) const override { return vocabulary_->piece(id); }
  int size() const override { return vocabulary_->size(); }
  int end_id() const override { return vocabulary_->end_id(); }
  int unknown_id() const override { return vocabulary_->unknown_id(); }
  int pad_id() const override { return vocabulary_->pad_id(); }
  std::vector<float> merge_scores() const override;
  // source.spm or target.spm; vocab.json, or target_vocab.json for a target of its own vocabulary.
  ModelFiles files(Side side) const override;
  std::string kind() const override;
  std::string tokenizer_class() const override { return class_name; }
  std::uint64_t fingerprint() const override;

  static constexpr const char* class_name = "MarianTokenizer";

 private:
  std::unique_ptr<const SentencePieceLibrary> library_;
  std::shared_ptr<const Vocabulary> vocabulary_;
  bool own_vocabulary_;
  std::vector<int> ids_;  // from SentencePiece's ids to the vocabulary's
  std::string unknown_text_;
};

// The pieces of models that stand for text, in order and each once: what a vocabulary is made of
// when there is no vocab.json.
std::vector<std::string> text_pieces(const std::vector<std::string>& models,
                                     const std::string& source);

}  // namespace heed
