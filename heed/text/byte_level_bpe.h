// Byte-level byte-pair encoding from its parts: pieces and merges, as they stand in vocab.json and
// merges.txt, in a GGUF file, or as they were learned.
//
//   BytePairVocabulary vocabulary{.pieces = …, .merges = {"Ġ t", …}, .end = 50256};
//   const auto tokenizer = make_byte_level_tokenizer(std::move(vocabulary), "model.gguf");
//
// Thread-safety: may be called from any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "heed/text/sentencepiece_model.h"
#include "heed/text/tokenizer.h"

namespace heed {

struct BytePairVocabulary {
  // By id, bytes as GPT-2 writes them ("Ġthe"); an empty piece is an id that is left out.
  std::vector<std::string> pieces;
  std::vector<std::string> merges;  // "Ġ t", the first first
  // By id; empty: all are normal. Control pieces are special tokens, user-defined ones are found
  // in any text.
  std::vector<PieceType> types;
  // How text is cut into words, as llama.cpp calls it: gpt-2, smollm, llama-bpe or qwen2.
  std::string pre_tokenizer = "gpt-2";
  bool add_prefix_space = false;
  // Special ids, -1 for none. `begin` stands before every text; `unknown` counts only where a byte
  // is not among the pieces.
  int begin = -1;
  int end = -1;
  int pad = -1;
  int unknown = -1;
};

// Errors (bad_data) name `source`: pieces that occur twice, merges of pieces that are not there, a
// pre-tokenizer that is not known, ids outside.
std::shared_ptr<const Tokenizer> make_byte_level_tokenizer(BytePairVocabulary vocabulary,
                                                           const std::string& source);

}  // namespace heed
