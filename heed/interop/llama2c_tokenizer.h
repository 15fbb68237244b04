// Tokenizers of llama2.c: the longest piece's length, then for each piece its score, its length and
// its bytes.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <cstdint>
#include <filesystem>

#include "heed/text/tokenizer.h"

namespace heed {

// Of `size` pieces, which the file does not say. Errors name the file: input_output; bad_data where
// it holds another number of pieces, or lengths beyond its end.
TokenizerPair llama2c_tokenizers(const std::filesystem::path& path, std::int64_t size);

}  // namespace heed
