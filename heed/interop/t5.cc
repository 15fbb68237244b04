// T5ForConditionalGeneration of Transformers (T5, its versions 1.1, Flan-T5, mT5): an encoder and a
// decoder with RMS norms before the sublayers, a bias by distance that all layers of a stack share,
// scores that are not scaled, and no bias in any linear map.
#include <cmath>

#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/interop/activation_names.h"
#include "heed/interop/config_reader.h"
#include "heed/interop/expressible.h"
#include "heed/interop/families.h"
#include "heed/models/translator_config.h"

namespace heed {

namespace {

// "relu", "gated-gelu", where gelu is the form with tanh if it has a gate.
std::string t5_activation(const ConfigReader& reader) {
  const std::string name = reader.get<std::string>("feed_forward_proj", "relu");
  const Json config = {{"feed_forward_proj", name == "gated-gelu"         ? "gelu_new"
                                             : name.starts_with("gated-") ? name.substr(6)
                                                                          : name}};
  const ConfigReader plain(config, reader.source());
  return name.starts_with("gated-") ? read_gate(plain, "feed_forward_proj", "gelu_new")
                                    : read_activation(plain, "feed_forward_proj", "relu");
}

std::string t5_activation_key(const std::string& activation) {
  if (const auto gate = their_gate(activation)) {
    return "gated-" + (activation == "geglu_tanh" ? "gelu" : *gate);
  }
  return their_activation(activation).value_or("relu");
}

Json t5_section(const Json& config, const std::string& source) {
  const ConfigReader reader(config, source);
  TranslatorConfig model;
  model.d_model = reader.get("d_model", 512);
  model.encoder_layers = reader.get("num_layers", 6);
  model.decoder_layers = reader.get("num_decoder_layers", model.encoder_layers);
  model.heads = reader.get("num_heads", 8);
  model.feed_forward_size = reader.get("d_ff", 2048);
  model.activation = t5_activation(reader);
  model.feed_forward_bias = false;
  model.norm = "pre";
  model.norm_kind = "rms";
  model.norm_epsilon = reader.get("layer_norm_epsilon", 1e-6);
  model.attention.kind = "dot";
  model.attention.biases = "none";
  model.attention.key_size = model.attention.value_size = reader.get("d_kv", 64);
  model.position.kind = "t5";
  model.position.buckets = reader.get("relative_attention_num_buckets", 32);
  model.position.max_distance = reader.get("relative_attention_max_distance", 128);
  model.max_length = reader.get("n_positions", 512);
  const bool tied = reader.get("tie_word_embeddings", true);
  model.tie_embeddings = tied ? "all" : "inputs";
  const bool scaled = reader.get("scale_decoder_outputs", tied);
  model.logit_scale = scaled && model.d_model > 0 ? 1 / std::sqrt(double{1} * model.d_model) : 1;
  model.scale_embeddings = false;
  model.output_bias = false;
  model.dropout = model.attention_dropout = model.activation_dropout =
      reader.get("dropout_rate", 0.1);
  return config_to_json(model);
}

// What comes closest to the model in their keys.
Json t5_keys(const TranslatorConfig& model) {
  return {{"d_model", model.d_model},
          {"d_kv", model.attention.key_size > 0 ? model.attention.key_size
                                                : model.d_model / std::max(model.heads, 1)},
          {"d_ff", model.feed_forward_size},
          {"num_layers", model.encoder_layers},
          {"num_decoder_layers", model.decoder_layers},
          {"num_heads", model.heads},
          {"feed_forward_proj", t5_activation_key(model.activation)},
          {"layer_norm_epsilon", model.norm_epsilon},
          {"relative_attention_num_buckets", model.position.buckets},
          {"relative_attention_max_distance", model.position.max_distance},
          {"n_positions", model.max_length},
          {"dropout_rate", model.dropout},
          {"tie_word_embeddings", model.tie_embeddings != "inputs"},
          {"scale_decoder_outputs", model.logit_scale != 1}};
}

std::vector<std::string> t5_obstacles(const Json& section) {
  auto model = config_from_json<TranslatorConfig>(section, "model");
  auto plain = config_from_json<TranslatorConfig>(t5_section(t5_keys(model), "model"), "model");
  copy_training_choices(model, plain);
  if (model.attention.key_size == 0 && model.attention.value_size == 0) {  // says the same
    plain.attention.key_size = plain.attention.value_size = 0;
  }
  return differences_from(config_to_json(model), config_to_json(plain));
}

std::optional<Json> t5_config(const Json& section) {
  if (!t5_obstacles(section).empty()) {
    return std::nullopt;
  }
  return t5_keys(config_from_json<TranslatorConfig>(section, "model"));
}

void add_t5_stack(std::vector<NameRule>& rules, const std::string& ours, const std::string& theirs,
                  bool decoder) {
  const auto add = [&](const std::string& our, const std::string& their) {
    rules.push_back({.ours = ours + our, .theirs = {{.name = theirs + their}}});
  };
  const auto add_attention = [&](const std::string& our, const std::string& their) {
    for (const auto& [our_map, their_map] :
         {std::pair{"q_proj", "q"}, {"k_proj", "k"}, {"v_proj", "v"}, {"out_proj", "o"}}) {
      add("layers.*." + our + "." + our_map + ".weight",
          "block.*.layer." + their + "." + their_map + ".weight");
    }
  };
  add_attention("self_attn", "0.SelfAttention");
  add("layers.*.self_attn_layer_norm.weight", "block.*.layer.0.layer_norm.weight");
  if (decoder) {
    add_attention("encoder_attn", "1.EncDecAttention");
    add("layers.*.encoder_attn_layer_norm.weight", "block.*.layer.1.layer_norm.weight");
  }
  const std::string last = decoder ? "block.*.layer.2." : "block.*.layer.1.";
  rules.push_back({.ours = ours + "layers.*.fc1.weight",
                   .theirs = {{.name = theirs + last + "DenseReluDense.wi_0.weight"}},
                   .beside = ours + "layers.*.fc1_up.weight"});
  add("layers.*.fc1.weight", last + "DenseReluDense.wi.weight");
  add("layers.*.fc1_up.weight", last + "DenseReluDense.wi_1.weight");
  add("layers.*.fc2.weight", last + "DenseReluDense.wo.weight");
  add("layers.*.final_layer_norm.weight", last + "layer_norm.weight");
  add("embed_positions.relative_attention_bias",
      "block.0.layer.0.SelfAttention.relative_attention_bias.weight");
  add("layer_norm.weight", "final_layer_norm.weight");
}

std::vector<NameRule> t5_names() {
  std::vector<NameRule> rules = {
      {.ours = "model.shared.weight",
       .theirs = {{.name = "shared.weight"},
                  {.name = "encoder.embed_tokens.weight"},
                  {.name = "decoder.embed_tokens.weight"},
                  {.name = "lm_head.weight"}}},
      {.ours = "lm_head.weight", .theirs = {{.name = "lm_head.weight"}}}};
  add_t5_stack(rules, "model.encoder.", "encoder.", false);
  add_t5_stack(rules, "model.decoder.", "decoder.", true);
  return rules;
}

}  // namespace

ModelFamily t5_family() {
  return {.model_type = "t5",
          .kind = "translator",
          .architectures = {"T5ForConditionalGeneration"},
          .ignored = {"decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"},
          .names = t5_names(),
          .ours = t5_section,
          .theirs = t5_config,
          .obstacles = t5_obstacles};
}

}  // namespace heed
