// The tokenizer in the metadata of a GGUF file.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <string>

#include "heed/formats/gguf_header.h"
#include "heed/text/tokenizer.h"

namespace heed {

// Byte-level byte-pair encoding (tokenizer.ggml.model gpt2) or one by scores (llama). Errors
// (bad_data) name `source` and the key: missing, of another kind, contradictions.
TokenizerPair gguf_tokenizers(const GgufHeader& header, const std::string& source);

}  // namespace heed
