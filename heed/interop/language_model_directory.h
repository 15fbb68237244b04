// Model directories of language models: config.json (model_type "heed-language-model", the exact
// configuration in the section "heed"), model.safetensors and the tokenizer's files.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "heed/base/config.h"
#include "heed/models/language_model.h"
#include "heed/text/tokenizer.h"

namespace heed {

struct LoadedLanguageModel {
  std::unique_ptr<LanguageModel> model;
  TokenizerPair tokenizers;         // both sides are one
  std::filesystem::path directory;  // of the model itself
};

// Whether a config.json is a language model's.
bool is_language_model(const Json& config);
// Whether the run or model directory holds one. Errors: as for load_language_model.
bool holds_language_model(const std::filesystem::path& directory);

// Loads a run directory or a model directory. Errors name the file, the key or the tensor: usage
// (another kind of model), input_output (missing), bad_data (damaged or inconsistent).
LoadedLanguageModel load_language_model(const std::filesystem::path& directory);

// The files of a model directory besides model.safetensors, by name.
std::vector<std::pair<std::string, std::string>> language_model_files(
    const LanguageModel& model, const TokenizerPair& tokenizers);

}  // namespace heed
