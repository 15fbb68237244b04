// The tokenizers of language models and encoders as the world keeps them: a directory with
// tokenizer.json, or with vocab.json and merges.txt, or with SentencePiece's tokenizer.model, or
// with BERT's vocab.txt. Source and target are one.
//
// Thread-safety: may be called from any thread.
#pragma once

#include "heed/text/tokenizer_kinds.h"

namespace heed {

// Whether the files are there, in that order.
bool is_language_model_tokenizer(const TokenizerFiles& files);

// Reads what is found first. Errors as for load_tokenizers.
TokenizerPair load_language_model_tokenizer(const TokenizerFiles& files);

}  // namespace heed
