// Words as a kind of tokenizer: vocabularies that are counted, or loaded.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <string>

#include "heed/text/tokenizer.h"

namespace heed {

struct TokenizerKind;
TokenizerKind word_tokenizer_kind();

// source.vocab.json or target.vocab.json.
std::string word_file(Side side);

}  // namespace heed
