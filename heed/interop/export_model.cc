#include "heed/interop/export_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/json.h"
#include "heed/interop/model_family.h"
#include "heed/interop/model_kind.h"
#include "heed/interop/model_source.h"

namespace heed {

std::vector<std::string> export_obstacles(const LoadedModel& model) {
  const Json section = description_of(*model.module).section;
  std::vector<std::string> fewest;
  bool known = false;
  for (const ModelFamily& family : model_families()) {
    if (family.kind == model.kind->name && family.obstacles != nullptr) {
      std::vector<std::string> obstacles = family.obstacles(section);
      if (!known || obstacles.size() < fewest.size()) {
        fewest = std::move(obstacles);
        known = true;
      }
    }
  }
  if (!known) {
    fewest.push_back("no other program's layout is known for " + model.kind->noun);
  }
  return fewest;
}

std::vector<std::string> export_families(const LoadedModel& model) {
  const ModelDescription description = description_of(*model.module);
  std::vector<std::string> names;
  for (const ModelFamily& family : model_families()) {
    if (family.kind == description.kind && family.obstacles != nullptr &&
        family.obstacles(description.section).empty() &&
        std::ranges::find(names, family.model_type) == names.end()) {
      names.push_back(family.model_type);
    }
  }
  return names;
}

std::string transformers_class(const LoadedModel& model, const std::string& family) {
  const ModelDescription description = description_of(*model.module);
  const ModelFamily& written = family.empty()
                                   ? family_for(description.kind, description.section)
                                   : family_named(family, description.kind, description.section);
  return written.obstacles == nullptr ? std::string() : written.architectures.front();
}

std::string transformers_tokenizer(const LoadedModel& model) {
  const std::string name = model.tokenizers.target->tokenizer_class();
  return name.starts_with("Heed") ? std::string() : name;
}

void export_model(const LoadedModel& model, const std::filesystem::path& directory,
                  const SavedForm& form) {
  if (form.family.empty()) {
    const std::vector<std::string> obstacles = export_obstacles(model);
    check_usage(obstacles.empty(), "{}: no other program can run this model: {}",
                model.directory.string(), fmt::format("{}", fmt::join(obstacles, "; ")));
  }
  const std::string chat_template = open_model_source(model.directory).facts().chat_template;
  if (!chat_template.empty()) {
    make_directory(directory);
    write_file_atomically(directory / chat_template_name, chat_template);
  }
  save_model(*model.module, model.tokenizers, model.symbols, model.decoding, directory, form);
  if (model.sentences) {
    for (const auto& [name, content] : sentence_files(*model.sentences, model.encoder().width())) {
      const std::filesystem::path path = directory / name;
      make_directory(path.parent_path());
      write_file_atomically(path, content);
    }
  }
}

}  // namespace heed
