// config.json and generation_config.json of MarianMTModel, read and written.
#pragma once

#include <string>

#include "heed/base/config.h"
#include "heed/generation/decoding.h"
#include "heed/models/translator.h"

namespace heed {

struct MarianConfig {
  TranslatorConfig model;
  TranslatorVocabulary vocabulary;
};

// Errors (bad_data) name `source` and the key.
MarianConfig read_marian_config(const Json& json, const std::string& source);
Json write_marian_config(const MarianConfig& config);

DecodingConfig read_generation_config(const Json& json, const std::string& source);
Json write_generation_config(const MarianConfig& config, const DecodingConfig& decoding);

// A lower bound of the bytes that the weights of such a model take in a file.
std::uint64_t least_weight_bytes(const MarianConfig& config);

}  // namespace heed
