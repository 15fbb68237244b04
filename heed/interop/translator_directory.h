// Model directories of translators, in the layout that Transformers calls Marian: config.json,
// generation_config.json, model.safetensors and the tokenizers' files.
//
// What Marian cannot express (pre-norm, gated feed-forward, …) is written with model_type
// "heed-translator"; either way the section "heed" of config.json holds the exact configuration.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "heed/generation/decoding.h"
#include "heed/models/translator.h"
#include "heed/text/tokenizer_factory.h"

namespace heed {

struct LoadedTranslator {
  std::unique_ptr<Translator> model;
  TokenizerPair tokenizers;
  TextSymbols symbols;
  DecodingConfig decoding;          // defaults, from generation_config.json
  std::filesystem::path directory;  // of the model itself
};

// Loads a run directory or a model directory: one that heed wrote, or a MarianMTModel that
// Transformers saved. Errors name the file, the key or the tensor: input_output (missing), bad_data
// (damaged, inconsistent, or of a kind that heed does not know).
LoadedTranslator load_translator(const std::filesystem::path& directory);

// The files of a model directory besides model.safetensors, by name.
std::vector<std::pair<std::string, std::string>> translator_files(
    const TranslatorConfig& config, const TranslatorVocabulary& vocabulary,
    const TokenizerPair& tokenizers, const DecodingConfig& decoding);

// Writes a whole model directory, created if missing; model.safetensors comes last, so that a
// directory with it is complete.
void save_translator(Translator& model, const TokenizerPair& tokenizers,
                     const DecodingConfig& decoding, const std::filesystem::path& directory);

// What tokenizers decide of a new model.
TranslatorVocabulary vocabulary_of(const TokenizerPair& tokenizers);

}  // namespace heed
