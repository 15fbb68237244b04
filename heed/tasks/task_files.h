// What the data of tasks have in common: tokenizers that are learned once, fingerprints.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "heed/tasks/task_kind.h"
#include "heed/text/tokenizer.h"

namespace heed {

// The tokenizers in `place`/tokenizer: those that lie there, else those of the model
// `init_from` (a directory or a file), else what `train` learns; saved as a whole or not at all.
// `kind` names what is learned. Errors: those of reading and training.
TokenizerPair prepare_tokenizers(const std::string& init_from, const std::string& kind,
                                 const std::function<TokenizerPair()>& train,
                                 const TaskPlace& place);

// Says how many pieces there are.
void describe_tokenizers(const TokenizerPair& tokenizers, Progress& progress);

// Saves tokenizers as a whole or not at all; what is there stays.
void save_tokenizers_once(const TokenizerPair& tokenizers, const std::filesystem::path& directory);

// As it stands in files: 16 hexadecimal digits.
std::string fingerprint_text(std::uint64_t value);

}  // namespace heed
