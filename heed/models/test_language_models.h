// For tests of this folder: small language models, and two pieces of a text for them.
#pragma once

#include <gtest/gtest.h>

#include "heed/models/language_model.h"
#include "heed/models/test_translators.h"

namespace heed {

inline constexpr std::int64_t vocabulary = 10;

// Two pieces of a text, of three and four tokens, without sources.
inline GeneratorExamples two_pieces() {
  return {.prompts = {.source = inputs_of({}, {0, 0, 0}),
                      .begun = inputs_of({3, 2, 4, 0, 4, 5, 1}, {0, 3, 7})},
          .outputs = ids_of({2, 4, 6, 4, 5, 1, 9})};
}

inline LanguageModelConfig two_layers() {
  LanguageModelConfig config;
  config.layers = 2;
  make_four_heads(config);
  return config;
}

}  // namespace heed
