#include "heed/interop/translator_directory.h"

#include <algorithm>

#include "heed/base/files.h"
#include "heed/formats/load_tensors.h"
#include "heed/interop/language_model_directory.h"
#include "heed/interop/marian_config.h"
#include "heed/interop/model_directory.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

// Tensors that other programs store and that are computed here, and further names of tied ones.
std::vector<std::string> ignored_names(const SafetensorsFile& file,
                                       const TranslatorConfig& config) {
  std::vector<std::string> names = {"model.encoder.embed_positions.weight",
                                    "model.decoder.embed_positions.weight"};
  if (config.position.kind == "learned") {
    names.clear();
  }
  if (config.tie_embeddings == "all" && file.find("model.shared.weight") != nullptr) {
    names.insert(names.end(), {"model.encoder.embed_tokens.weight",
                               "model.decoder.embed_tokens.weight", "lm_head.weight"});
  } else if (config.tie_embeddings == "output") {
    names.push_back("lm_head.weight");
  }
  return names;
}

// The parameters under the names that the file uses for them.
std::vector<StoredTensor> tensors_for(const SafetensorsFile& file, Translator& model) {
  std::vector<StoredTensor> result;
  for (StoredTensor& item : stored_parameters_of(model)) {
    std::string& name = item.parts.front().name;
    if (name == "model.shared.weight" && file.find(name) == nullptr) {
      for (const char* alias : {"model.decoder.embed_tokens.weight", "lm_head.weight",
                                "model.encoder.embed_tokens.weight"}) {
        if (file.find(alias) != nullptr) {
          name = alias;
          break;
        }
      }
    }
    // Transformers may leave the bias of the logits out when it is zero.
    if (name == "final_logits_bias" && file.find(name) == nullptr) {
      item.tensor->fill(0);
      item.tensor->renew_stamp();
      continue;
    }
    result.push_back(std::move(item));
  }
  return result;
}

}  // namespace

TranslatorVocabulary vocabulary_of(const TokenizerPair& tokenizers) {
  return {.source_size = tokenizers.source->size(),
          .target_size = tokenizers.target->size(),
          .symbols = symbols_for(tokenizers)};
}

LoadedTranslator load_translator(const fs::path& directory) {
  LoadedTranslator result;
  result.directory = model_directory_of(directory);
  const fs::path config_path = result.directory / "config.json";
  const Json json = read_model_json(config_path);
  check_usage(!is_language_model(json),
              "{}: holds a language model, and a translator is needed here",
              result.directory.string());
  MarianConfig config = read_marian_config(json, config_path.string());
  result.tokenizers = load_tokenizers(result.directory);
  const TokenizerPair& tokenizers = result.tokenizers;
  check_data(tokenizers.source->size() <= config.vocabulary.source_size &&
                 tokenizers.target->size() <= config.vocabulary.target_size,
             "{}: vocabularies of {} and {} pieces, but the tokenizers have {} and {}",
             config_path.string(), config.vocabulary.source_size, config.vocabulary.target_size,
             tokenizers.source->size(), tokenizers.target->size());
  // The sources have symbols of their own, which config.json does not tell.
  config.vocabulary.symbols.source_end = tokenizers.source->end_id();
  config.vocabulary.symbols.source_padding = tokenizers.source->pad_id();
  const fs::path weights_path = result.directory / "model.safetensors";
  const SafetensorsFile weights(weights_path);
  // The sizes in config.json must not make us allocate more than the file can fill.
  check_data(least_weight_bytes(config) <= weights.byte_count(),
             "{}: its sizes ask for at least {} bytes of weights, more than {} holds",
             config_path.string(), least_weight_bytes(config), weights_path.string());
  try {
    result.model = std::make_unique<Translator>(config.model, config.vocabulary, cpu_device,
                                                StartingWeights::unset);
  } catch (const Error& error) {
    fail(ErrorKind::bad_data, "{}: {}", config_path.string(), error.what());
  }
  map_tensors(weights, tensors_for(weights, *result.model), ignored_names(weights, config.model),
              *context_for(cpu_device).pool);
  result.symbols = config.vocabulary.symbols;
  if (fs::exists(result.directory / "generation_config.json")) {
    const fs::path path = result.directory / "generation_config.json";
    result.decoding = read_generation_config(read_model_json(path), path.string());
  } else {
    result.decoding = read_generation_config(json, config_path.string());
  }
  result.decoding.max_length = std::min(result.decoding.max_length, config.model.max_length);
  return result;
}

std::vector<std::pair<std::string, std::string>> translator_files(
    const TranslatorConfig& config, const TranslatorVocabulary& vocabulary,
    const TokenizerPair& tokenizers, const DecodingConfig& decoding) {
  const MarianConfig marian{.model = config, .vocabulary = vocabulary};
  std::vector<std::pair<std::string, std::string>> files = {
      {"config.json", write_marian_config(marian).dump(2) + "\n"},
      {"generation_config.json", write_generation_config(marian, decoding).dump(2) + "\n"}};
  for (auto& file : tokenizer_files(tokenizers)) {
    files.push_back(std::move(file));
  }
  std::sort(files.begin(), files.end());
  return files;
}

void save_translator(Translator& model, const TokenizerPair& tokenizers,
                     const DecodingConfig& decoding, const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  check_io(!error, "{}: cannot create: {}", directory.string(), error.message());
  for (const auto& [name, content] :
       translator_files(model.config(), model.vocabulary(), tokenizers, decoding)) {
    write_file_atomically(directory / name, content);
  }
  write_safetensors(directory / "model.safetensors", stored_tensors_of(model), {{"format", "pt"}});
}

}  // namespace heed
