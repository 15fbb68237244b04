#include "heed/interop/marian_config.h"

#include <algorithm>

#include "heed/interop/weight_bounds.h"

namespace heed {

namespace {

// Reads keys of a JSON object with defaults, naming file and key when something is wrong.
class Reader {
 public:
  Reader(const Json& json, const std::string& source) : json_(json), source_(source) {
    check_data(json.is_object(), "{}: expected an object of keys", source);
  }

  template <typename T>
  T get(const char* key, T fallback) const {
    const auto found = json_.find(key);
    if (found == json_.end() || found->is_null()) {
      return fallback;
    }
    try {
      config_detail::read_value(*found, fallback, key, source_);
    } catch (const Error& error) {
      fail(ErrorKind::bad_data, "{}", error.what());
    }
    return fallback;
  }
  template <typename T>
  T require(const char* key) const {
    check_data(json_.contains(key), "{}: '{}' is missing", source_, key);
    return get(key, T{});
  }
  const Json& json() const { return json_; }
  const std::string& source() const { return source_; }

 private:
  const Json& json_;
  const std::string& source_;
};

// Names of activations: ours and Transformers'.
constexpr std::pair<const char*, const char*> activations[] = {
    {"relu", "relu"},          {"gelu", "gelu"},  {"gelu_tanh", "gelu_new"},
    {"silu", "silu"},          {"silu", "swish"}, {"gelu_tanh", "gelu_pytorch_tanh"},
    {"gelu_tanh", "gelu_fast"}};

TranslatorConfig model_from_marian(const Reader& reader) {
  TranslatorConfig model;
  model.d_model = reader.require<int>("d_model");
  model.encoder_layers = reader.require<int>("encoder_layers");
  model.decoder_layers = reader.require<int>("decoder_layers");
  model.heads = reader.require<int>("encoder_attention_heads");
  check_data(reader.get("decoder_attention_heads", model.heads) == model.heads,
             "{}: encoder and decoder have different numbers of heads, which heed does not know",
             reader.source());
  model.feed_forward_size = reader.require<int>("encoder_ffn_dim");
  check_data(reader.get("decoder_ffn_dim", model.feed_forward_size) == model.feed_forward_size,
             "{}: encoder_ffn_dim and decoder_ffn_dim differ, which heed does not know",
             reader.source());
  check_data(!reader.get("normalize_embedding", false) && !reader.get("normalize_before", false),
             "{}: a norm after the embeddings or before the sublayers is not Marian's layout",
             reader.source());
  const std::string activation = reader.get<std::string>("activation_function", "gelu");
  bool found = false;
  for (const auto& [ours, theirs] : activations) {
    if (activation == theirs) {
      model.activation = ours;
      found = true;
    }
  }
  check_data(found, "{}: activation_function '{}' is not known", reader.source(), activation);
  model.dropout = reader.get("dropout", 0.1);
  model.attention_dropout = reader.get("attention_dropout", 0.0);
  model.activation_dropout = reader.get("activation_dropout", 0.0);
  model.scale_embeddings = reader.get("scale_embedding", false);
  const bool tied = reader.get("tie_word_embeddings", true);
  model.tie_embeddings = !tied                                                  ? "none"
                         : reader.get("share_encoder_decoder_embeddings", true) ? "all"
                                                                                : "output";
  model.max_length = reader.get("max_position_embeddings", 512);
  return model;
}

bool is_marian(const TranslatorConfig& model) {
  const bool known_activation = model.activation == "relu" || model.activation == "gelu" ||
                                model.activation == "gelu_tanh" || model.activation == "silu";
  // Marian's config.json says these; what decides how weights begin is nothing that it needs to
  // say.
  TranslatorConfig plain;
  plain.d_model = model.d_model;
  plain.encoder_layers = model.encoder_layers;
  plain.decoder_layers = model.decoder_layers;
  plain.heads = model.heads;
  plain.feed_forward_size = model.feed_forward_size;
  plain.activation = model.activation;
  plain.dropout = model.dropout;
  plain.attention_dropout = model.attention_dropout;
  plain.activation_dropout = model.activation_dropout;
  plain.embedding_dropout = model.embedding_dropout;
  plain.scale_embeddings = model.scale_embeddings;
  plain.tie_embeddings = model.tie_embeddings;
  plain.max_length = model.max_length;
  plain.initial = model.initial;
  plain.initial_gain = model.initial_gain;
  plain.initial_deviation = model.initial_deviation;
  plain.initial_by_depth = model.initial_by_depth;
  if (model.position.kind == "sinusoidal" && model.position.layout == "halves") {
    plain.position = model.position;
  }
  return known_activation && config_to_json(model) == config_to_json(plain);
}

}  // namespace

MarianConfig read_marian_config(const Json& json, const std::string& source) {
  const Reader reader(json, source);
  const std::string type = reader.require<std::string>("model_type");
  check_data(type == "marian" || type == "heed-translator",
             "{}: model_type '{}': expected marian or heed-translator", source, type);
  MarianConfig config;
  if (json.contains("heed")) {
    try {
      config.model = config_from_json<TranslatorConfig>(json.at("heed"), source + ": heed");
    } catch (const Error& error) {
      fail(ErrorKind::bad_data, "{}", error.what());
    }
  } else {
    check_data(type == "marian", "{}: 'heed' is missing", source);
    config.model = model_from_marian(reader);
  }
  config.vocabulary.source_size = reader.require<std::int64_t>("vocab_size");
  config.vocabulary.target_size =
      reader.get<std::int64_t>("decoder_vocab_size", config.vocabulary.source_size);
  TextSymbols& symbols = config.vocabulary.symbols;
  symbols = marian_symbols(reader.require<std::int32_t>("pad_token_id"),
                           reader.get<std::int32_t>("eos_token_id", 0));
  symbols.start = reader.get<std::int32_t>("decoder_start_token_id", symbols.padding);
  for (const std::int32_t id : {symbols.padding, symbols.start, symbols.end}) {
    check_data(id >= 0 && id < config.vocabulary.target_size,
               "{}: token id {} is outside the target vocabulary of {}", source, id,
               config.vocabulary.target_size);
  }
  return config;
}

Json write_marian_config(const MarianConfig& config) {
  const TranslatorConfig& model = config.model;
  const bool marian = is_marian(model);
  std::string activation = model.activation;
  for (const auto& [ours, theirs] : activations) {
    if (model.activation == ours) {
      activation = theirs;
      break;
    }
  }
  return {{"architectures", Json::array({marian ? "MarianMTModel" : "HeedTranslator"})},
          {"model_type", marian ? "marian" : "heed-translator"},
          {"d_model", model.d_model},
          {"encoder_layers", model.encoder_layers},
          {"decoder_layers", model.decoder_layers},
          {"encoder_attention_heads", model.heads},
          {"decoder_attention_heads", model.heads},
          {"encoder_ffn_dim", model.feed_forward_size},
          {"decoder_ffn_dim", model.feed_forward_size},
          {"activation_function", activation},
          {"dropout", model.dropout},
          {"attention_dropout", model.attention_dropout},
          {"activation_dropout", model.activation_dropout},
          {"scale_embedding", model.scale_embeddings},
          {"normalize_embedding", false},
          {"static_position_embeddings", true},
          {"max_position_embeddings", model.max_length},
          {"vocab_size", config.vocabulary.source_size},
          {"decoder_vocab_size", config.vocabulary.target_size},
          {"share_encoder_decoder_embeddings", model.tie_embeddings == "all"},
          {"tie_word_embeddings", model.tie_embeddings != "none"},
          {"pad_token_id", config.vocabulary.symbols.padding},
          {"eos_token_id", config.vocabulary.symbols.end},
          {"decoder_start_token_id", config.vocabulary.symbols.start},
          {"forced_eos_token_id", config.vocabulary.symbols.end},
          {"is_encoder_decoder", true},
          {"torch_dtype", "float32"},
          {"heed", config_to_json(model)}};
}

DecodingConfig read_generation_config(const Json& json, const std::string& source) {
  const Reader reader(json, source);
  DecodingConfig config;
  config.beam = reader.get("num_beams", config.beam);
  config.length_penalty = reader.get("length_penalty", config.length_penalty);
  config.max_length = reader.get("max_length", config.max_length);
  try {
    check_decoding_config(config);
  } catch (const Error& error) {
    fail(ErrorKind::bad_data, "{}: {}", source, error.what());
  }
  return config;
}

Json write_generation_config(const MarianConfig& config, const DecodingConfig& decoding) {
  return {{"num_beams", decoding.beam},
          {"length_penalty", decoding.length_penalty},
          {"max_length", std::min(decoding.max_length, config.model.max_length)},
          {"bad_words_ids", Json::array({Json::array({config.vocabulary.symbols.padding})})},
          {"pad_token_id", config.vocabulary.symbols.padding},
          {"eos_token_id", config.vocabulary.symbols.end},
          {"decoder_start_token_id", config.vocabulary.symbols.start},
          {"forced_eos_token_id", config.vocabulary.symbols.end}};
}

std::uint64_t least_weight_bytes(const MarianConfig& config) {
  return least_translator_bytes(
      config.model, std::max(config.vocabulary.source_size, config.vocabulary.target_size));
}

}  // namespace heed
