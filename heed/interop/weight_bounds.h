// What the sizes in a configuration ask for, before memory is taken for it.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <cstdint>

#include "heed/models/language_model_config.h"
#include "heed/models/text_encoder_config.h"
#include "heed/models/translator_config.h"

namespace heed {

// Lower bounds of how many numbers the weights of such a model are.
std::uint64_t least_translator_numbers(const TranslatorConfig& model, std::int64_t vocabulary_size);
std::uint64_t least_language_model_numbers(const LanguageModelConfig& model,
                                           std::int64_t vocabulary_size);
std::uint64_t least_text_encoder_numbers(const TextEncoderConfig& model,
                                         std::int64_t vocabulary_size);

}  // namespace heed
