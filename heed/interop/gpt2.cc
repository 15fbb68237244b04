// GPT2LMHeadModel of Transformers: a decoder with learned positions, norms before the sublayers and
// biases everywhere. Its linear maps are stored as [in, out].
#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/interop/activation_names.h"
#include "heed/interop/config_reader.h"
#include "heed/interop/expressible.h"
#include "heed/interop/families.h"
#include "heed/models/language_model_config.h"

namespace heed {

namespace {

Json gpt2_section(const Json& config, const std::string& source) {
  const ConfigReader reader(config, source);
  check_data(!reader.get("scale_attn_by_inverse_layer_idx", false),
             "{}: scale_attn_by_inverse_layer_idx: heed scales the scores of all layers alike",
             source);
  check_data(!reader.get("add_cross_attention", false),
             "{}: add_cross_attention: heed knows GPT-2 as a language model alone", source);
  LanguageModelConfig model;
  model.d_model = reader.get("n_embd", 768);
  model.layers = reader.get("n_layer", 12);
  model.heads = reader.get("n_head", 12);
  model.feed_forward_size = reader.get("n_inner", 4 * std::min(model.d_model, 1 << 24));
  model.activation = read_activation(reader, "activation_function", "gelu_new");
  model.norm = "pre";
  model.norm_epsilon = reader.get("layer_norm_epsilon", 1e-5);
  model.position.kind = "learned";
  model.max_length = reader.get("n_positions", 1024);
  model.attention.kind = reader.get("scale_attn_weights", true) ? "scaled_dot" : "dot";
  model.scale_embeddings = false;
  model.tie_embeddings = reader.get("tie_word_embeddings", true) ? "output" : "none";
  model.output_bias = false;
  model.dropout = reader.get("resid_pdrop", 0.1);
  model.embedding_dropout = reader.get("embd_pdrop", 0.1);
  model.attention_dropout = reader.get("attn_pdrop", 0.1);
  model.initial = "normal";
  model.initial_deviation = reader.get("initializer_range", 0.02);
  model.initial_by_depth = true;
  return config_to_json(model);
}

// What comes closest to the model in their keys.
Json gpt2_keys(const LanguageModelConfig& model) {
  return {{"n_embd", model.d_model},
          {"n_layer", model.layers},
          {"n_head", model.heads},
          {"n_inner", model.feed_forward_size},
          {"activation_function", their_activation(model.activation).value_or("gelu_new")},
          {"layer_norm_epsilon", model.norm_epsilon},
          {"n_positions", model.max_length},
          {"scale_attn_weights", model.attention.kind != "dot"},
          {"tie_word_embeddings", model.tie_embeddings != "none"},
          {"resid_pdrop", model.dropout},
          {"embd_pdrop", model.embedding_dropout < 0 ? model.dropout : model.embedding_dropout},
          {"attn_pdrop", model.attention_dropout},
          {"initializer_range", model.initial == "normal" ? model.initial_deviation : 0.02}};
}

std::vector<std::string> gpt2_obstacles(const Json& section) {
  const auto model = config_from_json<LanguageModelConfig>(section, "model");
  auto plain =
      config_from_json<LanguageModelConfig>(gpt2_section(gpt2_keys(model), "model"), "model");
  copy_training_choices(model, plain);
  return differences_from(config_to_json(model), config_to_json(plain));
}

std::optional<Json> gpt2_config(const Json& section) {
  if (!gpt2_obstacles(section).empty()) {
    return std::nullopt;
  }
  return gpt2_keys(config_from_json<LanguageModelConfig>(section, "model"));
}

std::vector<NameRule> gpt2_names() {
  std::vector<NameRule> rules = {
      {.ours = "model.decoder.embed_tokens.weight",
       .theirs = {{.name = "transformer.wte.weight"}, {.name = "lm_head.weight"}}},
      {.ours = "model.decoder.embed_positions.weight",
       .theirs = {{.name = "transformer.wpe.weight"}}},
      {.ours = "lm_head.weight", .theirs = {{.name = "lm_head.weight"}}}};
  const auto add = [&](const std::string& ours, const std::string& theirs, Form form, int part = 0,
                       int parts = 1) {
    rules.push_back(
        {.ours = ours + ".weight",
         .theirs = {{.name = theirs + ".weight", .form = form, .part = part, .parts = parts}}});
    rules.push_back({.ours = ours + ".bias",
                     .theirs = {{.name = theirs + ".bias", .part = part, .parts = parts}}});
  };
  const std::string ours = "model.decoder.layers.*.", theirs = "transformer.h.*.";
  int part = 0;
  for (const char* map : {"q_proj", "k_proj", "v_proj"}) {
    add(ours + "self_attn." + map, theirs + "attn.c_attn", Form::transposed, part++, 3);
  }
  add(ours + "self_attn.out_proj", theirs + "attn.c_proj", Form::transposed);
  add(ours + "fc1", theirs + "mlp.c_fc", Form::transposed);
  add(ours + "fc2", theirs + "mlp.c_proj", Form::transposed);
  add(ours + "self_attn_layer_norm", theirs + "ln_1", Form::as_is);
  add(ours + "final_layer_norm", theirs + "ln_2", Form::as_is);
  add("model.decoder.layer_norm", "transformer.ln_f", Form::as_is);
  return rules;
}

}  // namespace

ModelFamily gpt2_family() {
  return {.model_type = "gpt2",
          .kind = "language_model",
          .architectures = {"GPT2LMHeadModel"},
          .prefixes = {"transformer."},
          .ignored = {"h.*.attn.bias", "h.*.attn.masked_bias"},
          .names = gpt2_names(),
          .ours = gpt2_section,
          .theirs = gpt2_config,
          .obstacles = gpt2_obstacles};
}

}  // namespace heed
