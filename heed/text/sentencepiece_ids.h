// SentencePiece with the ids of its own model, as LLaMA and its like use it (tokenizer.model), or
// made from scored pieces (score_bpe.h).
//
// Thread-safety: const once made; threads may share one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "heed/text/pipeline/added_tokens.h"
#include "heed/text/sentencepiece_library.h"
#include "heed/text/tokenizer.h"

namespace heed {

struct SentencePieceUse {
  bool begins = true;               // texts begin with <s>, if there is one
  bool space_after_special = true;  // what follows a special piece begins as a text does
};

class SentencePieceIds : public Tokenizer {
 public:
  // `files`: tokenizer_config.json, if it was there. Errors (bad_data) name `source`.
  SentencePieceIds(std::string model, const SentencePieceUse& use, ModelFiles files,
                   const std::string& source);

  std::vector<int> encode(std::string_view line) const override { return library_.encode(line); }
  std::vector<int> encode_marked(std::string_view text) const override;
  std::string decode(std::span<const int> ids) const override;
  std::string piece(int id) const override;
  int size() const override { return static_cast<int>(library_.pieces().size()); }
  std::optional<int> begin_id() const override { return begin_; }
  int end_id() const override { return end_; }
  int unknown_id() const override { return unknown_; }
  int pad_id() const override { return pad_; }
  // tokenizer.model and tokenizer_config.json, whatever the side.
  ModelFiles files(Side side) const override;
  std::string kind() const override { return "tokenizer.model"; }
  std::string tokenizer_class() const override { return class_name; }
  std::uint64_t fingerprint() const override;

  static constexpr const char* class_name = "LlamaTokenizer";
  static constexpr const char* file_name = "tokenizer.model";

 private:
  SentencePieceLibrary library_;
  SentencePieceUse use_;
  ModelFiles files_;
  AddedTokenFinder special_;
  std::optional<int> begin_;
  int end_ = -1;
  int unknown_ = -1;
  int pad_ = -1;
};

}  // namespace heed
