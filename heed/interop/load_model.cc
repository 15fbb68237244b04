#include "heed/interop/load_model.h"

#include <algorithm>
#include <cmath>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/base/phase.h"
#include "heed/formats/sharded_safetensors.h"
#include "heed/interop/family_tensors.h"
#include "heed/interop/generation_config.h"
#include "heed/interop/model_family.h"
#include "heed/interop/model_kind.h"
#include "heed/interop/model_source.h"
#include "heed/interop/text_config.h"
#include "heed/kernels/kernel.h"
#include "heed/models/headed_encoder.h"
#include "heed/text/tokenizer_files.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

constexpr const char* generation_name = "generation_config.json";
constexpr const char* weights_name = "model.safetensors";

// Runs what trusts a configuration; its errors are those of the file. `advice` follows them.
template <typename Action>
auto blaming(const std::string& source, const char* advice, Action&& action) {
  try {
    return action();
  } catch (const Error& error) {
    fail(ErrorKind::bad_data, "{}: {}{}", source, error.what(), advice);
  }
}

std::unique_ptr<Module> built(const ModelDescription& description, const ModelKind& kind,
                              const TensorSource& weights, const std::string& source,
                              Device device) {
  // The sizes in config.json must not make us allocate more than the files can fill.
  const std::uint64_t least =
      blaming(source, " (if an older heed wrote this model: train it again with this one)",
              [&] { return kind.least_numbers(description); });
  check_data(least <= weights.number_count(),
             "{}: its sizes ask for at least {} weights, more than the {} numbers in {}", source,
             least, weights.number_count(), weights.place().string());
  return blaming(source, "", [&] { return kind.build(description, device); });
}

// Other programs read, and change, the keys that they know: what these say must be what heed's own
// section says.
void check_agreement(const Json& config, const Json& section, const ModelFamily& family,
                     const std::string& source) {
  if (!config.contains("heed")) {
    return;
  }
  const std::optional<Json> written = blaming(source, "", [&] { return family.theirs(section); });
  check_data(written.has_value(), "{}: no model of type {} is as its section 'heed' says", source,
             family.model_type);
  if (written->empty()) {
    return;
  }
  const std::optional<Json> meant = family.theirs(family.ours(config, source));
  for (const auto& [key, value] : written->items()) {
    check_data(meant && meant->at(key) == value,
               "{}: {} is {}, but the section 'heed' was written for {}; give both the same, or "
               "remove the section to run the model as the other keys say",
               source, key, meant ? meant->at(key).dump() : "another", value.dump());
  }
}

void check_one_vocabulary(const ModelDescription& description, const TokenizerPair& tokenizers,
                          const std::string& source) {
  const auto tied = description.section.find("tie_embeddings");
  check_data(tokenizers.joint || tied == description.section.end() ||
                 (*tied != "all" && *tied != "inputs"),
             "{}: one table of embeddings for both sides (share_encoder_decoder_embeddings), but "
             "the tokenizers have a vocabulary for each",
             source);
}

// The settings of generation_config.json, or of config.json where there is none.
void read_generation(const Json& config, const std::string& config_source, LoadedModel& loaded) {
  const fs::path path = loaded.directory / generation_name;
  std::error_code ignored;
  const bool separate = fs::exists(path, ignored);
  const std::string source = separate ? path.string() : config_source;
  const Generator& generator = loaded.generator();
  if (separate && !loaded.kind->has_encoder) {
    const Json generation = read_model_json(path);
    set_ends(loaded.symbols,
             read_ends(ConfigReader(generation, source), generator.vocabulary_size()));
  }
  GenerationDefaults defaults = read_generation_config(separate ? read_model_json(path) : config,
                                                       generator.vocabulary_size(), source);
  const std::int64_t longest = generator.longest();
  loaded.decoding = defaults.decoding;
  loaded.decoding.max_length =
      static_cast<int>(std::min<std::int64_t>(loaded.decoding.max_length, longest));
  std::vector<std::int32_t>& suppressed = loaded.symbols.suppressed;
  suppressed.insert(suppressed.end(), defaults.suppressed.begin(), defaults.suppressed.end());
  std::sort(suppressed.begin(), suppressed.end());
  suppressed.erase(std::unique(suppressed.begin(), suppressed.end()), suppressed.end());
  for (const std::string& setting : defaults.not_done) {
    loaded.notes.push_back(source + ": asks for " + setting + ", which heed does not do");
  }
}

}  // namespace

const std::string& LoadedModel::task() const {
  return kind->task;
}

void LoadedModel::fail_as_another() const {
  fail(ErrorKind::failure, "{}: {} is asked for something that it is not", directory.string(),
       kind->noun);
}

LoadedModel load_model(const fs::path& directory, Device device, MatmulPrecision running) {
  const Phase phase("loading the model");
  LoadedModel loaded;
  const ModelSource files = open_model_source(directory);
  loaded.directory = files.place;
  const std::string& source = files.config_source;
  const Json& config = files.config;
  const ModelFamily& family = family_of(config, source);
  loaded.family = family.model_type;
  loaded.kind = &model_kind(family.kind);
  loaded.tokenizers = files.tokenizers();
  const ModelDescription description{
      family.kind, model_section(config, family, source),
      read_vocabulary(config, *loaded.kind, loaded.tokenizers, source)};
  const std::unique_ptr<TensorSource> weights = files.tensors(device);
  loaded.module = built(description, *loaded.kind, *weights, source, device);
  check_agreement(config, description.section, family, source);
  check_one_vocabulary(description, loaded.tokenizers, source);
  // Weights that are yet to be adapted stay as they are until then.
  auto* headed = dynamic_cast<HeadedEncoder*>(loaded.module.get());
  const bool adapts = headed != nullptr && headed->config().lora.rank > 0;
  read_family_tensors(family, *weights, *loaded.module, *context_for(cpu_device).pool,
                      adapts ? MatmulPrecision::float32 : running);
  if (adapts) {
    headed->merge_adapters();
  }
  loaded.symbols = description.vocabulary.symbols;
  if (loaded.kind->writes) {
    read_generation(config, source, loaded);
  } else {
    loaded.sentences = read_sentence_settings(directory);
  }
  return loaded;
}

const ModelKind& model_kind_in(const fs::path& directory) {
  const ModelSource files = open_model_source(directory);
  return model_kind(family_of(files.config, files.config_source).kind);
}

namespace {

ModelFiles files_of(const ModelFamily& family, const Module& module,
                    const TokenizerPair& tokenizers, const TextSymbols& symbols,
                    const DecodingConfig& decoding, DType weights) {
  ModelDescription description = description_of(module);
  description.vocabulary.symbols = symbols;
  const ModelKind& kind = model_kind(description.kind);
  Json config = {{"architectures", Json::array({family.architectures.front()})},
                 {"model_type", family.model_type}};
  config.update(*family.theirs(description.section));
  write_vocabulary(description.vocabulary, kind, config);
  config["torch_dtype"] = name_of(weights);
  config["heed"] = description.section;
  ModelFiles files = tokenizer_files(tokenizers);
  files[model_config_name] = config.dump(2) + "\n";
  if (kind.has_encoder) {
    DecodingConfig defaults = decoding;
    const auto& generator = dynamic_cast<const Generator&>(module);
    defaults.max_length =
        static_cast<int>(std::min<std::int64_t>(defaults.max_length, generator.longest()));
    files[generation_name] = write_generation_config(symbols, defaults).dump(2) + "\n";
  }
  return files;
}

// Of finite numbers only the largest are none any more: those that float16 does not reach.
Tensor rounded(const NamedTensor& item, DType weights, const fs::path& directory) {
  Tensor tensor = item.tensor.to(weights);
  if (weights == DType::float16) {
    for (const double value : tensor.to_doubles()) {
      check_usage(std::isfinite(value),
                  "{}: {} holds numbers beyond 65504, the largest of float16: choose bfloat16",
                  directory.string(), item.name);
    }
  }
  return tensor;
}

}  // namespace

ModelFiles training_files(const Module& module, const TokenizerPair& tokenizers,
                          const TextSymbols& symbols, const DecodingConfig& decoding) {
  const ModelDescription description = description_of(module);
  return files_of(training_family_for(description.kind, description.section), module, tokenizers,
                  symbols, decoding, DType::float32);
}

void save_model(Module& module, const TokenizerPair& tokenizers, const TextSymbols& symbols,
                const DecodingConfig& decoding, const fs::path& directory, const SavedForm& form) {
  for (const NamedTensor& item : stored_tensors_of(module)) {
    const DType type = item.tensor.dtype();
    check_usage(type != DType::bfloat16 && type != DType::int8,
                "{}: {} is kept in {} for running and has lost digits: load the model again, as it "
                "is, to save it",
                directory.string(), item.name, name_of(type));
  }
  const ModelDescription description = description_of(module);
  const ModelFamily& family =
      form.family.empty() ? family_for(description.kind, description.section)
                          : family_named(form.family, description.kind, description.section);
  std::vector<NamedTensor> tensors = family_tensors(family, module);
  for (NamedTensor& item : tensors) {
    if (item.tensor.dtype() != form.weights) {
      item.tensor = rounded(item, form.weights, directory);
    }
  }
  make_directory(directory);
  for (const auto& [name, content] :
       files_of(family, module, tokenizers, symbols, decoding, form.weights)) {
    write_file_atomically(directory / name, content);
  }
  write_safetensors(directory / weights_name, tensors, {{"format", "pt"}});
}

namespace {

bool same_tokens(const TokenizerPair& a, const TokenizerPair& b) {
  return a.source->fingerprint() == b.source->fingerprint() &&
         a.target->fingerprint() == b.target->fingerprint();
}

}  // namespace

LoadedModel average_models(std::span<const fs::path> directories) {
  check_usage(!directories.empty(), "average: no models given");
  LoadedModel first = load_model(directories.front());
  const std::vector<NamedTensor> means = stored_tensors_of(*first.module);
  std::vector<Tensor> sums;
  for (const NamedTensor& item : means) {
    sums.push_back(item.tensor.to(DType::float64));
  }
  for (const fs::path& directory : directories.subspan(1)) {
    const LoadedModel other = load_model(directory);
    check_data(same_tokens(other.tokenizers, first.tokenizers),
               "{}: has other tokenizers than {}: an id is not the same piece in both",
               other.directory.string(), first.directory.string());
    const std::vector<NamedTensor> tensors = stored_tensors_of(*other.module);
    check_data(tensors.size() == means.size(), "{}: {} tensors, but {} has {}",
               other.directory.string(), tensors.size(), first.directory.string(), means.size());
    for (std::size_t i = 0; i < means.size(); ++i) {
      check_data(tensors[i].name == means[i].name && tensors[i].tensor.shape() == sums[i].shape(),
                 "{}: has tensor '{}' of shape {} where {} has '{}' of shape {}",
                 other.directory.string(), tensors[i].name, tensors[i].tensor.shape(),
                 first.directory.string(), means[i].name, sums[i].shape());
      const Tensor wide = tensors[i].tensor.to(DType::float64);
      const auto to = sums[i].values<double>();
      std::transform(to.begin(), to.end(), wide.values<double>().begin(), to.begin(), std::plus{});
    }
  }
  for (std::size_t i = 0; i < means.size(); ++i) {
    for (double& value : sums[i].values<double>()) {
      value /= static_cast<double>(directories.size());
    }
    means[i].tensor.copy_from(sums[i]);
    means[i].tensor.renew_stamp();
  }
  return first;
}

}  // namespace heed
