// Named sizes and styles of encoders: model.preset. Vocabularies are the tokenizer's to say.
// Thread-safety: all functions may be called from any thread.
#pragma once

#include <string>
#include <vector>

#include "heed/models/text_encoder_config.h"

namespace heed {

struct TextEncoderPreset {
  std::string name;     // "bert-base"
  std::string summary;  // its style, in words
  TextEncoderConfig config;
};

// In the order in which they are listed.
const std::vector<TextEncoderPreset>& text_encoder_presets();

// Errors (usage): an unknown name, with the known ones.
const TextEncoderPreset& text_encoder_preset(const std::string& name);

// A line for each: name, sizes, style.
std::string text_encoder_preset_table();

}  // namespace heed
