// LlamaForCausalLM of Transformers and those that differ from it in little: decoders with RMS norms
// before the sublayers, rotary positions, gated feed-forward sublayers and grouped keys.
//   mistral: attention reaches no farther than sliding_window
//   qwen2:   biases on queries, keys and values; windows in the layers that layer_types names
//   qwen3:   queries and keys are normed; windows as in qwen2
#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/interop/activation_names.h"
#include "heed/interop/config_reader.h"
#include "heed/interop/expressible.h"
#include "heed/interop/families.h"
#include "heed/interop/rope_config.h"
#include "heed/models/language_model_config.h"

namespace heed {

namespace {

// What their config.json leaves out means in each of them.
struct LlamaVariant {
  const char* model_type;
  const char* architecture;
  const char* biases = "";  // of attention, always; "": as attention_bias says
  bool qk_norm = false;
  int sliding_window = 0;      // where the key is missing; 0: none
  bool windows_asked = false;  // only where use_sliding_window is true
  double norm_epsilon = 1e-6;
  int head_size = 0;  // where the key is missing; 0: model size / heads
  int key_heads = 0;  // where the key is missing; 0: as many as heads
  double rope_theta = 10000;
};
constexpr LlamaVariant llama_variant{.model_type = "llama", .architecture = "LlamaForCausalLM"};
constexpr LlamaVariant mistral_variant{.model_type = "mistral",
                                       .architecture = "MistralForCausalLM",
                                       .biases = "none",
                                       .sliding_window = 4096,
                                       .key_heads = 8};
constexpr LlamaVariant qwen2_variant{.model_type = "qwen2",
                                     .architecture = "Qwen2ForCausalLM",
                                     .biases = "qkv",
                                     .sliding_window = 4096,
                                     .windows_asked = true,
                                     .key_heads = 32};
constexpr LlamaVariant qwen3_variant{.model_type = "qwen3",
                                     .architecture = "Qwen3ForCausalLM",
                                     .qk_norm = true,
                                     .sliding_window = 4096,
                                     .windows_asked = true,
                                     .head_size = 128,
                                     .key_heads = 32};

// Which layers have the window: those that layer_types calls so, else from max_window_layers on.
std::vector<bool> windowed_layers(const ConfigReader& reader, const LlamaVariant& variant,
                                  int layers) {
  const auto count = static_cast<std::size_t>(layers);
  if (reader.has("layer_types")) {
    const auto types = reader.get("layer_types", std::vector<std::string>());
    check_data(types.size() == count, "{}: layer_types: {} for {} layers", reader.source(),
               types.size(), layers);
    std::vector<bool> windowed;
    for (const std::string& type : types) {
      check_data(type == "sliding_attention" || type == "full_attention",
                 "{}: layer_types: '{}' is not known", reader.source(), type);
      windowed.push_back(type == "sliding_attention");
    }
    return windowed;
  }
  std::vector<bool> windowed(count, true);
  if (variant.windows_asked) {
    const int first = std::clamp(reader.get("max_window_layers", 28), 0, layers);
    std::fill_n(windowed.begin(), first, false);
  }
  return windowed;
}

// Theirs counts the token itself.
void read_windows(const ConfigReader& reader, const LlamaVariant& variant, int layers,
                  AttentionConfig& attention) {
  const bool asked = !variant.windows_asked || reader.get("use_sliding_window", false);
  const bool is_null = reader.json().contains("sliding_window") && !reader.has("sliding_window");
  const int window = is_null ? 0 : reader.get("sliding_window", variant.sliding_window);
  if (!asked || window == 0) {
    return;
  }
  check_data(window > 1, "{}: sliding_window {}: a token would see nothing before it",
             reader.source(), window);
  const std::vector<bool> windowed = windowed_layers(reader, variant, layers);
  if (std::find(windowed.begin(), windowed.end(), true) == windowed.end()) {
    return;
  }
  attention.topology = "window";
  attention.window = window - 1;
  if (std::find(windowed.begin(), windowed.end(), false) != windowed.end()) {
    for (const bool here : windowed) {
      attention.windows.push_back(here ? attention.window : 0);
    }
  }
}

Json llama_section_of(const Json& config, const std::string& source, const LlamaVariant& variant) {
  const ConfigReader reader(config, source);
  LanguageModelConfig model;
  model.d_model = reader.require<int>("hidden_size");
  model.layers = reader.require<int>("num_hidden_layers");
  check_layer_count("num_hidden_layers", model.layers);
  model.heads = reader.require<int>("num_attention_heads");
  model.feed_forward_size = reader.require<int>("intermediate_size");
  model.activation = read_gate(reader, "hidden_act", "silu");
  model.feed_forward_bias = reader.get("mlp_bias", false);
  model.norm = "pre";
  model.norm_kind = "rms";
  model.norm_epsilon = reader.get("rms_norm_eps", variant.norm_epsilon);
  model.position = read_rope(reader, variant.rope_theta);
  model.max_length = reader.get("max_position_embeddings", 2048);
  AttentionConfig& attention = model.attention;
  const int usual = variant.key_heads > 0 ? variant.key_heads : model.heads;
  const int key_heads = reader.get("num_key_value_heads", usual);
  attention.key_heads = key_heads == model.heads ? 0 : key_heads;
  const int head_size = reader.get("head_dim", variant.head_size);
  const bool as_usual = model.heads > 0 && static_cast<std::int64_t>(head_size) * model.heads ==
                                               static_cast<std::int64_t>(model.d_model);
  attention.key_size = attention.value_size = as_usual ? 0 : head_size;
  attention.biases = *variant.biases != '\0'               ? variant.biases
                     : reader.get("attention_bias", false) ? "all"
                                                           : "none";
  attention.qk_norm = variant.qk_norm;
  attention.qk_norm_epsilon = variant.qk_norm ? model.norm_epsilon : attention.qk_norm_epsilon;
  read_windows(reader, variant, model.layers, attention);
  model.scale_embeddings = false;
  model.tie_embeddings = reader.get("tie_word_embeddings", false) ? "output" : "none";
  model.output_bias = false;
  model.dropout = 0;
  model.attention_dropout = reader.get("attention_dropout", 0.0);
  model.initial = "normal";
  model.initial_deviation = reader.get("initializer_range", 0.02);
  return config_to_json(model);
}

// What comes closest to the model in their keys.
Json llama_keys(const LanguageModelConfig& model, const LlamaVariant& variant) {
  const AttentionConfig& attention = model.attention;
  Json keys = {{"hidden_size", model.d_model},
               {"num_hidden_layers", model.layers},
               {"num_attention_heads", model.heads},
               {"num_key_value_heads", attention.key_heads > 0 ? attention.key_heads : model.heads},
               {"head_dim", attention.key_size > 0 ? attention.key_size
                                                   : model.d_model / std::max(model.heads, 1)},
               {"intermediate_size", model.feed_forward_size},
               {"hidden_act", their_gate(model.activation).value_or("silu")},
               {"rms_norm_eps", model.norm_epsilon},
               {"max_position_embeddings", model.max_length},
               {"attention_dropout", model.attention_dropout},
               {"initializer_range", model.initial == "normal" ? model.initial_deviation : 0.02},
               {"tie_word_embeddings", model.tie_embeddings != "none"}};
  keys.update(rope_keys(model.position));
  if (*variant.biases == '\0') {
    keys["attention_bias"] = attention.biases == "all";
  }
  if (variant.model_type == llama_variant.model_type) {
    keys["mlp_bias"] = model.feed_forward_bias;
  }
  if (variant.sliding_window > 0) {
    const bool windowed = attention.topology == "window";
    if (variant.windows_asked) {
      keys["use_sliding_window"] = windowed;
    }
    keys["sliding_window"] = windowed ? Json(attention.window + 1) : Json();
    if (variant.windows_asked && windowed) {
      keys["layer_types"] = Json::array();
      for (int layer = 0; layer < model.layers; ++layer) {
        keys["layer_types"].push_back(has_window(attention, layer) ? "sliding_attention"
                                                                   : "full_attention");
      }
    }
  }
  return keys;
}

std::vector<std::string> llama_obstacles_of(const Json& section, const LlamaVariant& variant) {
  auto model = config_from_json<LanguageModelConfig>(section, "model");
  if (model.attention.key_heads == model.heads) {
    model.attention.key_heads = 0;  // says the same
  }
  std::vector<std::string> obstacles;
  LanguageModelConfig plain;
  try {
    plain = config_from_json<LanguageModelConfig>(
        llama_section_of(llama_keys(model, variant), "model", variant), "model");
  } catch (const Error& error) {
    return {error.what()};
  }
  copy_training_choices(model, plain);
  return differences_from(config_to_json(model), config_to_json(plain));
}

template <const LlamaVariant& variant>
Json llama_section(const Json& config, const std::string& source) {
  return llama_section_of(config, source, variant);
}

template <const LlamaVariant& variant>
std::vector<std::string> llama_obstacles(const Json& section) {
  return llama_obstacles_of(section, variant);
}

template <const LlamaVariant& variant>
std::optional<Json> llama_config(const Json& section) {
  if (!llama_obstacles_of(section, variant).empty()) {
    return std::nullopt;
  }
  return llama_keys(config_from_json<LanguageModelConfig>(section, "model"), variant);
}

std::vector<NameRule> llama_names() {
  std::vector<NameRule> rules = {
      {.ours = "model.decoder.embed_tokens.weight",
       .theirs = {{.name = "model.embed_tokens.weight"}, {.name = "lm_head.weight"}}},
      {.ours = "model.decoder.layer_norm.weight", .theirs = {{.name = "model.norm.weight"}}},
      {.ours = "lm_head.weight", .theirs = {{.name = "lm_head.weight"}}}};
  constexpr std::pair<const char*, const char*> parts[] = {
      {"self_attn.q_proj", "self_attn.q_proj"},
      {"self_attn.k_proj", "self_attn.k_proj"},
      {"self_attn.v_proj", "self_attn.v_proj"},
      {"self_attn.out_proj", "self_attn.o_proj"},
      {"self_attn.q_norm", "self_attn.q_norm"},
      {"self_attn.k_norm", "self_attn.k_norm"},
      {"fc1", "mlp.gate_proj"},
      {"fc1_up", "mlp.up_proj"},
      {"fc2", "mlp.down_proj"},
      {"self_attn_layer_norm", "input_layernorm"},
      {"final_layer_norm", "post_attention_layernorm"}};
  for (const auto& [ours, theirs] : parts) {
    for (const char* what : {".weight", ".bias"}) {
      rules.push_back({.ours = std::string("model.decoder.layers.*.") + ours + what,
                       .theirs = {{.name = std::string("model.layers.*.") + theirs + what}}});
    }
  }
  return rules;
}

template <const LlamaVariant& variant>
ModelFamily family_like_llama() {
  return {.model_type = variant.model_type,
          .kind = "language_model",
          .architectures = {variant.architecture},
          .prefixes = {"model."},
          .ignored = {"**.rotary_emb.inv_freq"},
          .names = llama_names(),
          .ours = llama_section<variant>,
          .theirs = llama_config<variant>,
          .obstacles = llama_obstacles<variant>};
}

}  // namespace

ModelFamily llama_family() {
  return family_like_llama<llama_variant>();
}
ModelFamily mistral_family() {
  return family_like_llama<mistral_variant>();
}
ModelFamily qwen2_family() {
  return family_like_llama<qwen2_variant>();
}
ModelFamily qwen3_family() {
  return family_like_llama<qwen3_variant>();
}

}  // namespace heed
