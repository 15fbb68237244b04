#include "heed/interop/weight_bounds.h"

#include <gtest/gtest.h>

#include "heed/backends/cpu/register.h"
#include "heed/models/language_model.h"

namespace heed {
namespace {

TEST(WeightBounds, ComeNearWhatADecoderHas) {
  register_cpu_backend();
  LanguageModelConfig config;
  config.d_model = 32;
  config.layers = 6;
  config.heads = 4;
  config.feed_forward_size = 64;
  config.norm = "pre";
  for (const int tables : {0, 3}) {
    for (const int key_heads : {0, 2}) {
      config.value_embeddings = tables;
      config.attention.key_heads = key_heads;
      LanguageModel model(config, 500, cpu_device, StartingWeights::unset);
      const auto count = static_cast<double>(count_parameters(model));
      const auto least = static_cast<double>(least_language_model_numbers(config, 500));
      EXPECT_LE(least, count);
      EXPECT_GT(least, 0.93 * count);  // without biases and norms
    }
  }
}

}  // namespace
}  // namespace heed
