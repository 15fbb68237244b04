#include "heed/interop/sentence_directory.h"

#include <algorithm>
#include <vector>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/interop/config_reader.h"
#include "heed/interop/model_source.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

constexpr const char* modules_name = "modules.json";

struct SentenceModule {
  std::string type;  // "Pooling": without the module that it comes from
  std::string path;
};

std::vector<SentenceModule> read_modules(const fs::path& directory) {
  const fs::path file = directory / modules_name;
  const Json json = read_model_json(file);
  check_data(json.is_array(), "{}: expected a list of modules", file.string());
  std::vector<SentenceModule> modules;
  for (const Json& item : json) {
    const ConfigReader reader(item, file.string());
    SentenceModule module{reader.require<std::string>("type"), reader.get<std::string>("path", "")};
    module.type = module.type.substr(module.type.rfind('.') + 1);
    const bool plain = module.path.find_first_of("/\\") == std::string::npos &&
                       module.path.find('\0') == std::string::npos && module.path != "..";
    check_data(plain, "{}: path '{}': expected the name of a folder beside it", file.string(),
               module.path);
    modules.push_back(std::move(module));
  }
  check_data(!modules.empty() && modules.front().type == "Transformer",
             "{}: the first module is no Transformer", file.string());
  return modules;
}

std::string read_pooling(const fs::path& file) {
  const Json json = read_model_json(file);
  const ConfigReader reader(json, file.string());
  std::vector<std::string> found;
  if (reader.has("pooling_mode")) {
    found.push_back(reader.get<std::string>("pooling_mode", ""));
  }
  for (const auto& [key, pooling] : {std::pair{"pooling_mode_cls_token", "cls"},
                                     {"pooling_mode_mean_tokens", "mean"},
                                     {"pooling_mode_max_tokens", "max"},
                                     {"pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_length"},
                                     {"pooling_mode_lasttoken", "last"},
                                     {"pooling_mode_weightedmean_tokens", "weightedmean"}}) {
    if (reader.get(key, false)) {
      found.emplace_back(pooling);
    }
  }
  std::ranges::replace(found, "lasttoken", "last");
  std::ranges::replace(found, "mean_sqrt_len_tokens", "mean_sqrt_length");
  check_data(found.size() == 1, "{}: {} ways of pooling; heed does one at a time", file.string(),
             found.size());
  check_data(found.front() != "weightedmean", "{}: heed has no weighted mean of tokens",
             file.string());
  return found.front();
}

// sentence_bert_config.json, under that name or one of the older ones, or none.
void read_transformer(const fs::path& directory, SentenceSettings& settings) {
  for (const char* name : {"sentence_bert_config.json", "sentence_roberta_config.json",
                           "sentence_distilbert_config.json", "sentence_xlm-roberta_config.json",
                           "sentence_xlnet_config.json", "sentence_camembert_config.json",
                           "sentence_albert_config.json"}) {
    const fs::path file = directory / name;
    if (!path_exists(file)) {
      continue;
    }
    const Json json = read_model_json(file);
    const ConfigReader reader(json, file.string());
    settings.longest = reader.get<std::int64_t>("max_seq_length", 0);
    check_data(settings.longest >= 0, "{}: max_seq_length {}: expected a number of tokens",
               file.string(), settings.longest);
    settings.lowercase = reader.get("do_lower_case", false);
    return;
  }
}

}  // namespace

fs::path sentence_encoder_directory(const fs::path& directory) {
  if (path_exists(directory / model_config_name) || !path_exists(directory / modules_name)) {
    return directory;
  }
  return directory / read_modules(directory).front().path;
}

std::optional<SentenceSettings> read_sentence_settings(const fs::path& directory) {
  if (!path_exists(directory / modules_name)) {
    return std::nullopt;
  }
  const std::string file = (directory / modules_name).string();
  SentenceSettings settings;
  bool pools = false;
  for (const SentenceModule& module : read_modules(directory)) {
    if (module.type == "Transformer") {
      read_transformer(directory / module.path, settings);
    } else if (module.type == "Pooling") {
      check_data(!pools, "{}: pools twice", file);
      settings.pooling = read_pooling(directory / module.path / "config.json");
      pools = true;
    } else if (module.type == "Normalize") {
      settings.normalise = true;
    } else {
      fail(ErrorKind::bad_data, "{}: module '{}': heed knows Transformer, Pooling and Normalize",
           file, module.type);
    }
  }
  check_data(pools, "{}: no module pools the states of tokens", file);
  return settings;
}

ModelFiles sentence_files(const SentenceSettings& settings, std::int64_t width) {
  const std::string package = "sentence_transformers.models.";
  Json modules = {
      {{"idx", 0}, {"name", "0"}, {"path", ""}, {"type", package + "Transformer"}},
      {{"idx", 1}, {"name", "1"}, {"path", "1_Pooling"}, {"type", package + "Pooling"}}};
  if (settings.normalise) {
    modules.push_back(
        {{"idx", 2}, {"name", "2"}, {"path", "2_Normalize"}, {"type", package + "Normalize"}});
  }
  const Json pooling = {
      {"word_embedding_dimension", width},
      {"pooling_mode_cls_token", settings.pooling == "cls"},
      {"pooling_mode_mean_tokens", settings.pooling == "mean"},
      {"pooling_mode_max_tokens", settings.pooling == "max"},
      {"pooling_mode_mean_sqrt_len_tokens", settings.pooling == "mean_sqrt_length"},
      {"pooling_mode_lasttoken", settings.pooling == "last"}};
  const Json transformer = {
      {"max_seq_length", settings.longest > 0 ? Json(settings.longest) : Json()},
      {"do_lower_case", settings.lowercase}};
  return {{modules_name, modules.dump(2) + "\n"},
          {"1_Pooling/config.json", pooling.dump(2) + "\n"},
          {"sentence_bert_config.json", transformer.dump(2) + "\n"}};
}

}  // namespace heed
