#include "heed/interop/export_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/interop/model_family.h"
#include "heed/interop/model_kind.h"

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

std::string transformers_class(const LoadedModel& model) {
  const ModelDescription description = description_of(*model.module);
  const ModelFamily& family = family_for(description.kind, description.section);
  return family.obstacles == nullptr ? std::string() : family.architectures.front();
}

std::string transformers_tokenizer(const LoadedModel& model) {
  const std::string name = model.tokenizers.target->tokenizer_class();
  return name.starts_with("Heed") ? std::string() : name;
}

void export_model(const LoadedModel& model, const std::filesystem::path& directory, DType weights) {
  const std::vector<std::string> obstacles = export_obstacles(model);
  check_usage(obstacles.empty(), "{}: no other program can run this model: {}",
              model.directory.string(), fmt::format("{}", fmt::join(obstacles, "; ")));
  save_model(*model.module, model.tokenizers, model.symbols, model.decoding, directory, weights);
}

}  // namespace heed
