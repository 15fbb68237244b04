// SentencePiece as a kind of tokenizer: models that are learned, given as files, or loaded.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <string>

#include "heed/text/tokenizer_kinds.h"

namespace heed {

// The kind sentencepiece-ALGORITHM; algorithm: bpe or unigram.
TokenizerKind sentencepiece_kind(const std::string& algorithm);

}  // namespace heed
