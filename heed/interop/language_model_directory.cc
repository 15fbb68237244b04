#include "heed/interop/language_model_directory.h"

#include <algorithm>

#include "heed/base/files.h"
#include "heed/formats/load_tensors.h"
#include "heed/interop/model_directory.h"
#include "heed/interop/weight_bounds.h"
#include "heed/text/tokenizer_factory.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

constexpr const char* model_type = "heed-language-model";

// config.json.
struct LanguageModelFile {
  std::vector<std::string> architectures = {"HeedLanguageModel"};
  std::string type = model_type;
  std::int64_t vocabulary_size = 0;
  TranslatorConfig model;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("architectures", architectures, "the class of the model");
    visit("model_type", type, "the kind of model");
    visit("vocab_size", vocabulary_size, "pieces of the vocabulary");
    visit("heed", model, "the model, as in a recipe");
  }
};

Json read_config(const fs::path& directory) {
  return read_model_json(directory / "config.json");
}

LanguageModelFile parse_config(const Json& json, const std::string& source) {
  try {
    return config_from_json<LanguageModelFile>(json, source);
  } catch (const Error& error) {
    fail(ErrorKind::bad_data, "{}", error.what());
  }
}

}  // namespace

bool is_language_model(const Json& config) {
  return config.is_object() && config.contains("model_type") &&
         config.at("model_type") == model_type;
}

bool holds_language_model(const fs::path& directory) {
  return is_language_model(read_config(model_directory_of(directory)));
}

LoadedLanguageModel load_language_model(const fs::path& directory) {
  LoadedLanguageModel result;
  result.directory = model_directory_of(directory);
  const std::string source = (result.directory / "config.json").string();
  const Json json = read_config(result.directory);
  check_usage(is_language_model(json), "{}: no language model, and one is needed here",
              result.directory.string());
  const LanguageModelFile config = parse_config(json, source);
  result.tokenizers = load_tokenizers(result.directory);
  check_data(result.tokenizers.target->size() == config.vocabulary_size,
             "{}: a vocabulary of {} pieces, but the tokenizer has {}", source,
             config.vocabulary_size, result.tokenizers.target->size());
  const fs::path weights_path = result.directory / "model.safetensors";
  const SafetensorsFile weights(weights_path);
  // The sizes in config.json must not make us allocate more than the file can fill.
  const std::uint64_t least = least_language_model_bytes(config.model, config.vocabulary_size);
  check_data(least <= weights.byte_count(),
             "{}: its sizes ask for at least {} bytes of weights, more than {} holds", source,
             least, weights_path.string());
  try {
    result.model = std::make_unique<LanguageModel>(config.model, config.vocabulary_size, cpu_device,
                                                   StartingWeights::unset);
  } catch (const Error& error) {
    fail(ErrorKind::bad_data, "{}: {}", source, error.what());
  }
  map_tensors(weights, stored_parameters_of(*result.model), {}, *context_for(cpu_device).pool);
  return result;
}

std::vector<std::pair<std::string, std::string>> language_model_files(
    const LanguageModel& model, const TokenizerPair& tokenizers) {
  const LanguageModelFile config{.vocabulary_size = model.vocabulary_size(),
                                 .model = model.config()};
  auto files = tokenizer_files(tokenizers);
  files.emplace_back("config.json", config_to_json(config).dump(2) + "\n");
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace heed
