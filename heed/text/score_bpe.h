// Byte-pair encoding by scores, as LLaMA's tokenizers do it: of all neighbours the two whose joined
// piece has the highest score become that piece, again and again; characters that are in no piece
// are spelled in bytes. Made from pieces in memory, as a GGUF file ("llama") or llama2.c's
// tokenizer.bin holds them.
//
//   const auto tokenizer = make_score_tokenizer({.pieces = pieces}, "model.gguf");
//
// Thread-safety: may be called from any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "heed/text/sentencepiece_model.h"
#include "heed/text/tokenizer.h"

namespace heed {

struct ScoredVocabulary {
  // By id: text, score and type. A space is "▁" (or " "), and a byte <0x41>; <s> and </s> are of
  // type control. Exactly one piece is of type unknown, and of type byte are none or all 256.
  std::vector<ModelPiece> pieces;
  bool prepend_space = true;  // before a text
  bool begins = true;         // texts begin with <s>
};

// Errors (bad_data) name `source`: pieces that are empty, not UTF-8 or occur twice, scores that are
// not finite, types that do not fit together.
std::shared_ptr<const Tokenizer> make_score_tokenizer(const ScoredVocabulary& vocabulary,
                                                      const std::string& source);

}  // namespace heed
