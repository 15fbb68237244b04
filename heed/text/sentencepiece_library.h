// The SentencePiece library behind checks: models that it would trust, and lines that it would be
// slow on.
//
// Thread-safety: const functions from any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "heed/text/sentencepiece_model.h"

namespace heed {

class SentencePieceLibrary {
 public:
  // Errors (bad_data) name `source`: see check_sentencepiece_model, and what the library refuses.
  SentencePieceLibrary(std::string model, const std::string& source);
  ~SentencePieceLibrary();

  const std::string& model() const { return model_; }
  // In the order of the library's ids.
  const std::vector<ModelPiece>& pieces() const { return pieces_; }

  // The library's ids. Errors (bad_data): invalid UTF-8, a NUL byte.
  std::vector<int> encode(std::string_view line) const;
  // The same for a text in the middle of another, before which no space is thought.
  std::vector<int> encode_inner(std::string_view text) const;
  std::string decode(const std::vector<std::string>& pieces) const;

 private:
  struct Processors;  // keeps the library's header out of this one

  std::string_view checked(std::string_view line, std::string& buffer) const;

  std::string model_;
  std::vector<ModelPiece> pieces_;
  std::unique_ptr<Processors> processors_;
};

}  // namespace heed
