// The files of tokenizers as text, for a model directory that is written as a whole.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "heed/text/tokenizer.h"

namespace heed {

// What save_tokenizers() writes, by name.
std::vector<std::pair<std::string, std::string>> tokenizer_files(const TokenizerPair& tokenizers);

}  // namespace heed
