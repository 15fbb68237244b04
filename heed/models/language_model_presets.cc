#include "heed/models/language_model_presets.h"

#include <fmt/format.h>

#include <algorithm>

#include "heed/base/error.h"

namespace heed {

namespace {

// Radford et al., "Language models are unsupervised multitask learners", 2019.
LanguageModelConfig gpt2(int layers, int heads, int d_model) {
  LanguageModelConfig config;
  config.layers = layers;
  config.heads = heads;
  config.d_model = d_model;
  config.feed_forward_size = 4 * d_model;
  config.activation = "gelu_tanh";
  config.norm = "pre";
  config.position.kind = "learned";
  config.max_length = 1024;
  config.scale_embeddings = false;
  config.tie_embeddings = "output";
  config.output_bias = false;
  config.dropout = config.attention_dropout = 0.1;
  config.initial = "normal";
  config.initial_deviation = 0.02;
  config.initial_by_depth = true;
  return config;
}

// Brown et al., "Language models are few-shot learners", 2020, table 2.1; every layer sees all.
LanguageModelConfig gpt3(int layers, int heads, int d_model) {
  LanguageModelConfig config = gpt2(layers, heads, d_model);
  config.max_length = 2048;
  config.dropout = config.attention_dropout = 0;
  return config;
}

// GPT-2's blocks without biases (Karpathy's nanoGPT, 2022).
LanguageModelConfig nanogpt(int layers, int heads, int d_model, int max_length, double dropout) {
  LanguageModelConfig config = gpt2(layers, heads, d_model);
  config.activation = "gelu";
  config.max_length = max_length;
  config.norm_bias = config.feed_forward_bias = false;
  config.attention.biases = "none";
  config.dropout = config.attention_dropout = dropout;
  return config;
}

struct LlamaSizes {
  int layers, heads, key_heads, d_model, feed_forward_size, max_length;
};

// Touvron et al., "LLaMA: open and efficient foundation language models", 2023.
LanguageModelConfig llama(const LlamaSizes& sizes) {
  LanguageModelConfig config;
  config.layers = sizes.layers;
  config.heads = sizes.heads;
  config.attention.key_heads = sizes.key_heads == sizes.heads ? 0 : sizes.key_heads;
  config.d_model = sizes.d_model;
  config.feed_forward_size = sizes.feed_forward_size;
  config.max_length = sizes.max_length;
  config.activation = "swiglu";
  config.norm = "pre";
  config.norm_kind = "rms";
  config.position.kind = "rotary";
  config.feed_forward_bias = config.output_bias = false;
  config.attention.biases = "none";
  config.scale_embeddings = false;
  config.tie_embeddings = "output";
  config.dropout = 0;
  config.initial = "normal";
  config.initial_deviation = 0.02;
  config.initial_by_depth = true;
  return config;
}

// Allal et al., "SmolLM2", 2025.
LanguageModelConfig smollm2(LlamaSizes sizes) {
  sizes.max_length = 8192;
  LanguageModelConfig config = llama(sizes);
  config.position.base = 100000;
  return config;
}

std::vector<LanguageModelPreset> all_presets() {
  constexpr const char* as_gpt2 =
      "GPT-2: learned positions, norms before sublayers, GELU, biases, tied";
  constexpr const char* as_gpt3 = "GPT-3: as GPT-2, without dropout, every layer dense";
  constexpr const char* as_nanogpt = "nanoGPT: as GPT-2, without biases";
  constexpr const char* as_llama = "llama2.c: RMS norms, SwiGLU, rotary positions, no biases, tied";
  constexpr const char* as_smollm2 = "SmolLM2: as LLaMA, grouped queries, rotary base 100,000";
  return {{"gpt2-124m", as_gpt2, gpt2(12, 12, 768)},
          {"gpt2-350m", as_gpt2, gpt2(24, 16, 1024)},
          {"gpt2-774m", as_gpt2, gpt2(36, 20, 1280)},
          {"gpt2-1558m", as_gpt2, gpt2(48, 25, 1600)},
          {"gpt3-125m", as_gpt3, gpt3(12, 12, 768)},
          {"gpt3-350m", as_gpt3, gpt3(24, 16, 1024)},
          {"gpt3-760m", as_gpt3, gpt3(24, 16, 1536)},
          {"nanogpt-shakespeare", as_nanogpt, nanogpt(6, 6, 384, 256, 0.2)},
          {"nanogpt-shakespeare-small", as_nanogpt, nanogpt(4, 4, 128, 64, 0)},
          {"llama-260k", as_llama, llama({5, 8, 4, 64, 172, 512})},
          {"llama-15m", as_llama, llama({6, 6, 6, 288, 768, 256})},
          {"llama-42m", as_llama, llama({8, 8, 8, 512, 1376, 1024})},
          {"llama-110m", as_llama, llama({12, 12, 12, 768, 2048, 1024})},
          {"smollm2-135m", as_smollm2, smollm2({30, 9, 3, 576, 1536, 8192})},
          {"smollm2-360m", as_smollm2, smollm2({32, 15, 5, 960, 2560, 8192})}};
}

}  // namespace

const std::vector<LanguageModelPreset>& language_model_presets() {
  static const std::vector<LanguageModelPreset> presets = all_presets();
  return presets;
}

const LanguageModelPreset& language_model_preset(const std::string& name) {
  const std::vector<LanguageModelPreset>& presets = language_model_presets();
  const auto found =
      std::find_if(presets.begin(), presets.end(),
                   [&](const LanguageModelPreset& preset) { return preset.name == name; });
  if (found == presets.end()) {
    std::string known;
    for (const LanguageModelPreset& preset : presets) {
      known += (known.empty() ? "" : ", ") + preset.name;
    }
    fail(ErrorKind::usage, "model.preset '{}': is unknown; known are {}", name, known);
  }
  return *found;
}

std::string language_model_preset_table() {
  std::string text;
  for (const auto& [name, summary, config] : language_model_presets()) {
    const int key_heads =
        config.attention.key_heads > 0 ? config.attention.key_heads : config.heads;
    text += fmt::format(
        "{:<26} {:>2} layers, d {:>4}, {:>2} heads, {:>2} of keys, feed-forward {:>4}, {:>4} "
        "tokens. {}\n",
        name, config.layers, config.d_model, config.heads, key_heads, config.feed_forward_size,
        config.max_length, summary);
  }
  return text;
}

}  // namespace heed
