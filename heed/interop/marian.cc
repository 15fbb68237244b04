// MarianMTModel of Transformers, which most OPUS-MT models are: an encoder and a decoder with norms
// after the sublayers and sinusoidal positions in halves.
#include <fmt/format.h>

#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/interop/activation_names.h"
#include "heed/interop/config_reader.h"
#include "heed/interop/expressible.h"
#include "heed/interop/families.h"
#include "heed/models/translator_config.h"

namespace heed {

namespace {

Json marian_section(const Json& config, const std::string& source) {
  const ConfigReader reader(config, source);
  TranslatorConfig model;
  model.d_model = reader.require<int>("d_model");
  model.encoder_layers = reader.require<int>("encoder_layers");
  model.decoder_layers = reader.require<int>("decoder_layers");
  model.heads = reader.require<int>("encoder_attention_heads");
  check_data(reader.get("decoder_attention_heads", model.heads) == model.heads,
             "{}: encoder and decoder have different numbers of heads, which heed does not know",
             source);
  model.feed_forward_size = reader.require<int>("encoder_ffn_dim");
  check_data(reader.get("decoder_ffn_dim", model.feed_forward_size) == model.feed_forward_size,
             "{}: encoder_ffn_dim and decoder_ffn_dim differ, which heed does not know", source);
  check_data(!reader.get("normalize_embedding", false) && !reader.get("normalize_before", false),
             "{}: a norm after the embeddings or before the sublayers is not Marian's layout",
             source);
  model.activation = read_activation(reader, "activation_function", "gelu");
  model.dropout = reader.get("dropout", 0.1);
  model.attention_dropout = reader.get("attention_dropout", 0.0);
  model.activation_dropout = reader.get("activation_dropout", 0.0);
  model.scale_embeddings = reader.get("scale_embedding", false);
  const bool tied = reader.get("tie_word_embeddings", true);
  model.tie_embeddings = !tied                                                  ? "none"
                         : reader.get("share_encoder_decoder_embeddings", true) ? "all"
                                                                                : "output";
  model.max_length = reader.get("max_position_embeddings", 512);
  return config_to_json(model);
}

// What Marian's config.json cannot say. What decides how weights begin it need not.
std::vector<std::string> marian_obstacles(const Json& section) {
  const auto model = config_from_json<TranslatorConfig>(section, "model");
  TranslatorConfig plain;
  plain.d_model = model.d_model;
  plain.encoder_layers = model.encoder_layers;
  plain.decoder_layers = model.decoder_layers;
  plain.heads = model.heads;
  plain.feed_forward_size = model.feed_forward_size;
  plain.activation = model.activation;
  copy_training_choices(model, plain);
  plain.scale_embeddings = model.scale_embeddings;
  plain.tie_embeddings = model.tie_embeddings;
  plain.max_length = model.max_length;
  if (model.position.kind == "sinusoidal" && model.position.layout == "halves") {
    plain.position = model.position;
  }
  std::vector<std::string> obstacles =
      differences_from(config_to_json(model), config_to_json(plain));
  if (!their_activation(model.activation)) {
    obstacles.push_back(fmt::format("activation is {}", model.activation));
  }
  return obstacles;
}

std::optional<Json> marian_config(const Json& section) {
  if (!marian_obstacles(section).empty()) {
    return std::nullopt;
  }
  const auto model = config_from_json<TranslatorConfig>(section, "model");
  return Json{{"d_model", model.d_model},
              {"encoder_layers", model.encoder_layers},
              {"decoder_layers", model.decoder_layers},
              {"encoder_attention_heads", model.heads},
              {"decoder_attention_heads", model.heads},
              {"encoder_ffn_dim", model.feed_forward_size},
              {"decoder_ffn_dim", model.feed_forward_size},
              {"activation_function", *their_activation(model.activation)},
              {"dropout", model.dropout},
              {"attention_dropout", model.attention_dropout},
              {"activation_dropout", model.activation_dropout},
              {"scale_embedding", model.scale_embeddings},
              {"normalize_embedding", false},
              {"static_position_embeddings", true},
              {"max_position_embeddings", model.max_length},
              {"share_encoder_decoder_embeddings", model.tie_embeddings == "all"},
              {"tie_word_embeddings", model.tie_embeddings != "none"}};
}

// The weight and the bias of a map or a norm, in every layer.
void add_pair(std::vector<NameRule>& rules, const std::string& ours, const std::string& theirs) {
  for (const char* what : {".weight", ".bias"}) {
    rules.push_back({.ours = ours + what, .theirs = {{.name = theirs + what}}});
  }
}

void add_layer(std::vector<NameRule>& rules, const std::string& ours, const std::string& theirs,
               bool decoder) {
  std::vector<std::string> attentions = {"self_attn"};
  if (decoder) {
    attentions.emplace_back("encoder_attn");
  }
  for (const std::string& attention : attentions) {
    for (const char* map : {".q_proj", ".k_proj", ".v_proj", ".out_proj", "_layer_norm"}) {
      add_pair(rules, ours + attention + map, theirs + attention + map);
    }
  }
  for (const char* part : {"fc1", "fc2", "final_layer_norm"}) {
    add_pair(rules, ours + part, theirs + part);
  }
}

std::vector<NameRule> names() {
  const Place shared{.name = "model.shared.weight"};
  const Place source{.name = "model.encoder.embed_tokens.weight"};
  const Place target{.name = "model.decoder.embed_tokens.weight"};
  const Place output{.name = "lm_head.weight"};
  std::vector<NameRule> rules = {
      {.ours = "model.shared.weight", .theirs = {shared, target, output, source}},
      {.ours = "model.encoder.embed_tokens.weight", .theirs = {source}},
      {.ours = "model.decoder.embed_tokens.weight", .theirs = {target, output}},
      {.ours = "lm_head.weight", .theirs = {output}},
      {.ours = "final_logits_bias",
       .theirs = {{.name = "final_logits_bias"}},
       .zero_if_missing = true}};
  add_layer(rules, "model.encoder.layers.*.", "model.encoder.layers.*.", false);
  add_layer(rules, "model.decoder.layers.*.", "model.decoder.layers.*.", true);
  return rules;
}

}  // namespace

ModelFamily marian_family() {
  return {.model_type = "marian",
          .kind = "translator",
          .architectures = {"MarianMTModel"},
          .ignored = {"model.*.embed_positions.weight"},
          .names = names(),
          .ours = marian_section,
          .theirs = marian_config,
          .obstacles = marian_obstacles};
}

}  // namespace heed
