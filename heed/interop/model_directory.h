// What model directories have in common, whatever the kind of the model.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "heed/base/config.h"
#include "heed/formats/load_tensors.h"
#include "heed/nn/module.h"
#include "heed/text/tokenizer.h"

namespace heed {

// The model directory that `directory` means: itself, or in a run directory the link best, else
// last. Errors (input_output): neither.
std::filesystem::path model_directory_of(const std::filesystem::path& directory);

// A configuration of such a directory. Errors: input_output, bad_data (too large, no JSON).
Json read_model_json(const std::filesystem::path& path);

// The parameters of a module as files have them: see map_tensors().
std::vector<StoredTensor> stored_parameters_of(Module& module);

// The files of tokenizers as save_tokenizers() writes them, by name.
std::vector<std::pair<std::string, std::string>> tokenizer_files(const TokenizerPair& tokenizers);

}  // namespace heed
