#include "heed/tasks/encoder_recipe.h"

#include <cmath>
#include <set>

#include "heed/autograd/gradient.h"
#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/interop/load_model.h"
#include "heed/interop/model_kind.h"
#include "heed/models/text_encoder_presets.h"
#include "heed/tasks/initial_weights.h"

namespace heed {

namespace {

constexpr const char* backbone_prefix = "model.encoder.";

// What heads need is the task's to say, and what the encoder was pre-trained by is left behind.
Json without_heads(const TextEncoderConfig& config) {
  Json json = config_to_json(config);
  for (const char* key : {"pooler", "pooler_dropout", "masked_head", "next_sentence_head",
                          "detection_head", "tie_embeddings"}) {
    json.erase(key);
  }
  return json;
}

std::string text_at(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const TextEncoder& encoder_of(const Module& module, const std::string& init_from) {
  if (const auto* encoder = dynamic_cast<const TextEncoder*>(&module)) {
    return *encoder;
  }
  const auto* headed = dynamic_cast<const HeadedEncoder*>(&module);
  check_usage(headed != nullptr, "init_from {}: this is no encoder of text", init_from);
  return headed->encoder();
}

// How deep a parameter stands: 0 for embeddings, then the layers, then what is above them.
int depth_of(const std::string& name, int layers) {
  if (!name.starts_with(backbone_prefix)) {
    return layers + 1;
  }
  const std::string layer_prefix = std::string(backbone_prefix) + "layers.";
  if (name.starts_with(layer_prefix)) {
    return std::stoi(name.substr(layer_prefix.size())) + 1;
  }
  return name.find("embed") != std::string::npos ? 0 : layers;
}

void set_rates(HeadedEncoder& model, const AdaptingConfig& adapting) {
  const int layers = model.config().layers;
  for (const NamedParameter& item : parameters_of(model)) {
    const bool head = item.name.starts_with("head.");
    const bool backbone = item.name.starts_with(backbone_prefix);
    const double depth_rate =
        std::pow(adapting.layer_decay, layers + 1 - depth_of(item.name, layers));
    const bool stays = adapting.freezes() || adapting.lora_learns();
    item.parameter->rate = head ? adapting.head_rate : backbone && stays ? 0 : depth_rate;
  }
}

}  // namespace

AdaptedModel default_encoder(const Json& document, const std::string& source) {
  AdaptedModel result;
  const std::string init_from = text_at(document, "init_from");
  if (!init_from.empty()) {
    // Of a directory that is not there yet nothing can be said; training will miss it.
    if (path_exists(init_from)) {
      const LoadedModel loaded = load_model(init_from);
      static_cast<TextEncoderConfig&>(result) = encoder_of(*loaded.module, init_from).config();
    }
    return result;
  }
  const auto model = document.find("model");
  const std::string preset = model == document.end() ? "" : text_at(*model, "preset");
  if (!preset.empty()) {
    try {
      static_cast<TextEncoderConfig&>(result) = text_encoder_preset(preset).config;
    } catch (const Error& error) {
      fail(ErrorKind::usage, "{}: {}", source, error.what());
    }
  }
  return result;
}

void check_adapting(const AdaptedModel& model, const AdaptingConfig& adapting) {
  check_text_encoder_config(model);
  check_usage(
      adapting.backbone == "train" || adapting.backbone == "freeze" || adapting.lora_learns(),
      "adapting.backbone '{}': expected train, freeze or lora", adapting.backbone);
  check_low_rank_config(adapting.lora, "adapting.lora");
  check_usage(!adapting.lora_learns() || adapting.lora.rank > 0,
              "adapting.lora.rank: must be above 0, got {}", adapting.lora.rank);
  check_usage(adapting.layer_decay > 0 && adapting.layer_decay <= 1,
              "adapting.layer_decay: must be in (0, 1], got {}", adapting.layer_decay);
  check_usage(adapting.head_rate > 0, "adapting.head_rate: must be above 0, got {}",
              adapting.head_rate);
  check_usage(adapting.pooling == "first" || adapting.pooling == "mean",
              "adapting.pooling '{}': expected first or mean", adapting.pooling);
  check_usage(
      adapting.head_dropout == -1 || (adapting.head_dropout >= 0 && adapting.head_dropout < 1),
      "adapting.head_dropout: must be in [0, 1) or -1, got {}", adapting.head_dropout);
}

std::unique_ptr<HeadedEncoder> make_headed_encoder(const RunSettings& settings,
                                                   const AdaptedModel& model,
                                                   const AdaptingConfig& adapting, HeadConfig head,
                                                   const Tokenizer& tokenizer) {
  head.pooling = head.kind == "sequence" || head.kind == "choice" ? adapting.pooling : "first";
  head.dropout = adapting.head_dropout;
  HeadedEncoderConfig config = config_under(model, head);
  config.lora = adapting.lora_learns() ? adapting.lora : LowRankConfig();
  const auto make = [&](std::int64_t vocabulary) {
    auto result =
        std::make_unique<HeadedEncoder>(config, vocabulary, cpu_device, StartingWeights::unset);
    initialize_parameters(*result, static_cast<std::uint64_t>(settings.seed));
    return result;
  };
  std::unique_ptr<HeadedEncoder> result;
  if (settings.init_from.empty()) {
    result = make(tokenizer.size());
  } else {
    const LoadedModel loaded = load_model(settings.init_from);
    const TextEncoder& encoder = encoder_of(*loaded.module, settings.init_from);
    check_same_model(settings.init_from, without_heads(model), without_heads(encoder.config()));
    // A table may have more rows than there are pieces.
    result = make(encoder.vocabulary_size());
    copy_known_weights(*loaded.module, *result);
  }
  set_rates(*result, adapting);
  return result;
}

Tensor headed_scores(const HeadedEncoder& model, bool frozen, const Inputs& inputs,
                     ForwardContext& context) {
  const auto adapted = model.adapted();
  if (!frozen || !context.training) {
    return model.scores(model.encode(inputs, context), context);
  }
  ForwardContext still = context;
  still.training = false;
  const auto states = [&] {
    const NoGradientScope no_gradients;
    return model.encode(inputs, still);
  }();
  return model.scores(states, context);
}

}  // namespace heed
