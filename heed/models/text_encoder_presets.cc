#include "heed/models/text_encoder_presets.h"

#include <fmt/format.h>

#include <algorithm>

#include "heed/base/error.h"

namespace heed {

namespace {

// Devlin et al., "BERT", 2019; the small ones: Turc et al., "Well-read students learn better",
// 2019.
TextEncoderConfig bert(int layers, int d_model) {
  TextEncoderConfig config;
  config.layers = layers;
  config.d_model = d_model;
  config.heads = d_model / 64;
  config.feed_forward_size = 4 * d_model;
  return config;
}

// The same sizes in the ways of decoders: norms before the sublayers, rotary positions, GeGLU with
// two thirds of the width, no biases, and a window of 64 tokens to each side in two of three layers
// (Warner et al., "Smarter, better, faster, longer", 2024).
TextEncoderConfig modern(int layers, int d_model) {
  TextEncoderConfig config = bert(layers, d_model);
  config.segments = 0;
  config.norm = "pre";
  config.norm_epsilon = 1e-5;
  config.norm_bias = config.feed_forward_bias = false;
  config.attention.biases = "none";
  config.activation = "geglu";
  config.feed_forward_size = 8 * d_model / 3 / 32 * 32;
  config.position.kind = "rotary";
  config.position.base = 160000;
  config.position.window_base = 10000;
  config.attention.topology = "window";
  config.attention.windows = {0, 64, 64};
  config.max_length = 1024;
  config.dropout = config.attention_dropout = 0;
  config.initial_by_depth = true;
  return config;
}

std::vector<TextEncoderPreset> all_presets() {
  constexpr const char* as_bert =
      "BERT: learned positions, segments, norms after sublayers, GELU, pooler";
  constexpr const char* as_modern =
      "ModernBERT's ways: rotary positions, norms before sublayers, GeGLU, no biases, windows";
  return {{"bert-tiny", as_bert, bert(2, 128)},       {"bert-mini", as_bert, bert(4, 256)},
          {"bert-small", as_bert, bert(4, 512)},      {"bert-medium", as_bert, bert(8, 512)},
          {"bert-base", as_bert, bert(12, 768)},      {"bert-large", as_bert, bert(24, 1024)},
          {"modern-tiny", as_modern, modern(3, 128)}, {"modern-mini", as_modern, modern(6, 256)},
          {"modern-small", as_modern, modern(6, 512)}};
}

}  // namespace

const std::vector<TextEncoderPreset>& text_encoder_presets() {
  static const std::vector<TextEncoderPreset> presets = all_presets();
  return presets;
}

const TextEncoderPreset& text_encoder_preset(const std::string& name) {
  const std::vector<TextEncoderPreset>& presets = text_encoder_presets();
  const auto found =
      std::find_if(presets.begin(), presets.end(),
                   [&](const TextEncoderPreset& preset) { return preset.name == name; });
  if (found == presets.end()) {
    std::string known;
    for (const TextEncoderPreset& preset : presets) {
      known += (known.empty() ? "" : ", ") + preset.name;
    }
    fail(ErrorKind::usage, "model.preset '{}': is unknown; known are {}", name, known);
  }
  return *found;
}

std::string text_encoder_preset_table() {
  std::string text;
  for (const auto& [name, summary, config] : text_encoder_presets()) {
    text += fmt::format(
        "{:<26} {:>2} layers, d {:>4}, {:>2} heads, feed-forward {:>4}, {:>4} tokens. {}\n", name,
        config.layers, config.d_model, config.heads, config.feed_forward_size, config.max_length,
        summary);
  }
  return text;
}

}  // namespace heed
