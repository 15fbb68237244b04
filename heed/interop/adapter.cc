#include "heed/interop/adapter.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/hash.h"
#include "heed/base/json.h"
#include "heed/formats/load_tensors.h"
#include "heed/formats/safetensors.h"
#include "heed/interop/model_kind.h"
#include "heed/interop/model_source.h"
#include "heed/models/headed_encoder.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view adapted_weights = "model.encoder.";

// The same for the same weights, whatever else a model has.
std::string fingerprint_of_weights(const std::vector<NamedTensor>& tensors) {
  std::string all;
  for (const NamedTensor& item : tensors) {
    if (item.name.starts_with(adapted_weights)) {
      const Tensor values = item.tensor.to(cpu_device).clone();
      const auto bytes = std::as_bytes(values.values<float>());
      const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      all += item.name + " " + std::to_string(hash_of(text)) + "\n";
    }
  }
  return std::to_string(hash_of(all));
}

// The tensors of a checkpoint, under our own names.
std::vector<NamedTensor> tensors_in(const SafetensorsFile& file) {
  std::map<std::string, Tensor> sorted;
  for (const SafetensorsEntry& entry : file.entries()) {
    sorted.emplace(entry.name, file.tensor(entry.name));
  }
  std::vector<NamedTensor> tensors;
  for (const auto& [name, tensor] : sorted) {
    tensors.push_back({name, tensor});
  }
  return tensors;
}

// Adapters and what stands upon the encoder.
struct AdapterParts {
  HeadedEncoderConfig config;
  std::string base;  // fingerprint of the weights that are adapted
  std::vector<NamedTensor> tensors;
  std::string source;
};

AdapterParts parts_of_run(const fs::path& path) {
  const ModelSource files = open_model_source(path);
  const auto section = files.config.find("heed");
  const bool adapts = section != files.config.end() && section->is_object() &&
                      section->contains("lora") && (*section)["lora"].is_object() &&
                      (*section)["lora"].value("rank", 0) > 0;
  check_usage(adapts, "{}: has no adapters: it was not trained with adapting.backbone lora",
              path.string());
  AdapterParts parts{.config = config_from_json<HeadedEncoderConfig>(*section, files.config_source),
                     .source = files.place.string()};
  const auto all = tensors_in(SafetensorsFile(files.place / "model.safetensors"));
  parts.base = fingerprint_of_weights(all);
  for (const NamedTensor& item : all) {
    if (!item.name.starts_with(adapted_weights)) {
      parts.tensors.push_back(item);
    }
  }
  return parts;
}

AdapterParts parts_in(const fs::path& path) {
  const fs::path config = path / adapter_config_name;
  if (!path_exists(config)) {
    return parts_of_run(path);
  }
  const Json json = read_model_json(config);
  check_data(json.is_object() && json.contains("heed") && json.contains("base_weights") &&
                 json["base_weights"].is_string(),
             "{}: expected the keys heed and base_weights, as heed writes them", config.string());
  return {.config = config_from_json<HeadedEncoderConfig>(json["heed"], config.string()),
          .base = json["base_weights"].get<std::string>(),
          .tensors = tensors_in(SafetensorsFile(path / adapter_weights_name)),
          .source = path.string()};
}

// The encoder alone, as a configuration says it.
Json encoder_section(const TextEncoderConfig& config) {
  Json json = config_to_json(config);
  for (const char* key : {"pooler", "pooler_dropout", "masked_head", "next_sentence_head",
                          "detection_head", "tie_embeddings", "dropout", "attention_dropout",
                          "activation_dropout", "embedding_dropout", "stochastic_depth"}) {
    json.erase(key);
  }
  return json;
}

TextEncoder& encoder_of(LoadedModel& model) {
  if (auto* headed = dynamic_cast<HeadedEncoder*>(model.module.get())) {
    return headed->encoder();
  }
  auto* encoder = dynamic_cast<TextEncoder*>(model.module.get());
  check_usage(encoder != nullptr, "{}: is {}, adapters are for encoders", model.directory.string(),
              model.kind->noun);
  return *encoder;
}

void check_base(const AdapterParts& parts, TextEncoder& encoder, const std::string& base) {
  const Json wanted = encoder_section(parts.config), there = encoder_section(encoder.config());
  for (const auto& [key, value] : wanted.items()) {
    check_usage(there.value(key, Json()) == value,
                "{}: an adapter of another model than {}: {} is {} there and {} here", parts.source,
                base, key, value.dump(), there.value(key, Json()).dump());
  }
  std::vector<NamedTensor> sorted = stored_tensors_of(encoder);
  std::sort(sorted.begin(), sorted.end(),
            [](const NamedTensor& a, const NamedTensor& b) { return a.name < b.name; });
  check_usage(fingerprint_of_weights(sorted) == parts.base,
              "{}: an adapter of another model than {}: the weights that it was trained upon are "
              "others",
              parts.source, base);
}

}  // namespace

void save_adapter(const fs::path& from, const fs::path& directory) {
  const AdapterParts parts = parts_of_run(from);
  make_directory(directory);
  const Json config = {{"heed", config_to_json(parts.config)}, {"base_weights", parts.base}};
  write_file_atomically(directory / adapter_config_name, config.dump(2) + "\n");
  write_safetensors(directory / adapter_weights_name, parts.tensors, {{"format", "pt"}});
}

LoadedModel load_adapted(const fs::path& base, const fs::path& adapter) {
  const AdapterParts parts = parts_in(adapter);
  LoadedModel model = load_model(base);
  TextEncoder& encoder = encoder_of(model);
  check_base(parts, encoder, base.string());
  auto result = std::make_unique<HeadedEncoder>(parts.config, encoder.vocabulary_size(), cpu_device,
                                                StartingWeights::unset);
  std::map<std::string, Tensor> known;
  for (const NamedTensor& item : stored_tensors_of(encoder)) {
    known.emplace(item.name, item.tensor);
  }
  for (const NamedTensor& item : parts.tensors) {
    known.insert_or_assign(item.name, item.tensor);
  }
  for (const NamedTensor& item : stored_tensors_of(*result)) {
    const auto found = known.find(item.name);
    check_data(found != known.end(), "{}: tensor '{}' is missing", parts.source, item.name);
    check_data(found->second.shape() == item.tensor.shape(),
               "{}: tensor '{}' has shape {}, expected {}", parts.source, item.name,
               found->second.shape(), item.tensor.shape());
    item.tensor.copy_from(found->second);
    item.tensor.renew_stamp();
  }
  result->merge_adapters();
  model.kind = &model_kind(description_of(*result).kind);
  model.module = std::move(result);
  return model;
}

}  // namespace heed
