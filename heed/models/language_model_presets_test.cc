#include "heed/models/language_model_presets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "heed/backends/cpu/register.h"
#include "heed/base/error.h"
#include "heed/models/language_model.h"

namespace heed {
namespace {

std::int64_t weights_of(const std::string& preset, std::int64_t pieces) {
  register_cpu_backend();
  LanguageModel model(language_model_preset(preset).config, pieces, cpu_device,
                      StartingWeights::unset);
  return count_parameters(model);
}

// As the models themselves say.
TEST(LanguageModelPresets, HaveTheSizesOfTheirNames) {
  EXPECT_EQ(weights_of("gpt2-124m", 50257), 124439808);
  EXPECT_EQ(weights_of("gpt2-350m", 50257), 354823168);
  EXPECT_EQ(weights_of("llama-15m", 32000), 15191712);
  EXPECT_EQ(weights_of("llama-260k", 512), 260032);
  EXPECT_EQ(weights_of("llama-110m", 32000), 109529856);
  EXPECT_EQ(weights_of("smollm2-135m", 49152), 134515008);
  // nanoGPT prints 10.65M, without its table of positions.
  EXPECT_EQ(weights_of("nanogpt-shakespeare", 65) - 256 * 384, 10646784);
}

TEST(LanguageModelPresets, AreAllSound) {
  for (const LanguageModelPreset& preset : language_model_presets()) {
    EXPECT_NO_THROW(check_language_model_config(preset.config)) << preset.name;
    EXPECT_EQ(&language_model_preset(preset.name), &preset);
    EXPECT_THAT(language_model_preset_table(), testing::HasSubstr(preset.name + " "));
  }
}

TEST(LanguageModelPresets, NamesTheKnownOnes) {
  try {
    language_model_preset("gpt2");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_THAT(error.what(), testing::HasSubstr("'gpt2': is unknown; known are gpt2-124m, "));
    EXPECT_THAT(error.what(), testing::HasSubstr(", smollm2-360m"));
  }
}

}  // namespace
}  // namespace heed
