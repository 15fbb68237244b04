// Named sizes and styles of decoders: model.preset. Vocabularies are the tokenizer's to say.
// Thread-safety: all functions may be called from any thread.
#pragma once

#include <string>
#include <vector>

#include "heed/models/language_model_config.h"

namespace heed {

struct LanguageModelPreset {
  std::string name;     // "gpt2-124m"
  std::string summary;  // its style, in words
  LanguageModelConfig config;
};

// In the order in which they are listed.
const std::vector<LanguageModelPreset>& language_model_presets();

// Errors (usage): an unknown name, with the known ones.
const LanguageModelPreset& language_model_preset(const std::string& name);

// A line for each: name, sizes, style.
std::string language_model_preset_table();

}  // namespace heed
