// UTF-8 bytes as tokens: </s> 0, <unk> 1, byte b at 2 + b, <pad> 258. Nothing is unknown to it.
//
// Thread-safety: const once made; threads may share one.
#pragma once

#include <string>
#include <vector>

#include "heed/text/tokenizer.h"

namespace heed {

class ByteTokenizer : public Tokenizer {
 public:
  std::vector<int> encode(std::string_view line) const override;
  // Bytes that form no valid UTF-8 become U+FFFD, as does <unk>.
  std::string decode(std::span<const int> ids) const override;
  // <0x41> for the byte 0x41, as SentencePiece names it.
  std::string piece(int id) const override;
  int size() const override { return first_byte_id + 257; }
  int end_id() const override { return 0; }
  int unknown_id() const override { return 1; }
  int pad_id() const override { return first_byte_id + 256; }
  ModelFiles files(Side) const override { return {}; }
  std::string kind() const override { return "byte"; }
  std::string tokenizer_class() const override { return "HeedByteTokenizer"; }
  std::uint64_t fingerprint() const override;

 private:
  static constexpr int first_byte_id = 2;
};

struct TokenizerKind;
TokenizerKind byte_tokenizer_kind();

}  // namespace heed
