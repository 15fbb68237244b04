#include "heed/interop/model_family.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "heed/base/error.h"
#include "heed/base/json.h"
#include "heed/interop/families.h"

namespace heed {

const std::vector<ModelFamily>& model_families() {
  static const std::vector<ModelFamily> families = [] {
    std::vector<ModelFamily> all = {
        marian_family(),  t5_family(),    gpt2_family(),  llama_family(),
        mistral_family(), qwen2_family(), qwen3_family(),
    };
    for (const auto& families : {bert_families, roberta_families, xlm_roberta_families,
                                 distilbert_families, electra_families}) {
      std::ranges::move(families(), std::back_inserter(all));
    }
    std::ranges::move(
        std::vector{heed_translator_family(), heed_language_model_family(), heed_encoder_family()},
        std::back_inserter(all));
    std::ranges::move(heed_headed_families(), std::back_inserter(all));
    return all;
  }();
  return families;
}

namespace {

// The class that a config.json names; empty: none.
std::string architecture_in(const Json& config) {
  const auto names = config.find("architectures");
  return names != config.end() && names->is_array() && !names->empty() && (*names)[0].is_string()
             ? (*names)[0].get<std::string>()
             : std::string();
}

}  // namespace

const ModelFamily& family_of(const Json& config, const std::string& source) {
  check_data(config.is_object(), "{}: expected an object of keys", source);
  const auto type = config.find("model_type");
  check_data(type != config.end() && type->is_string(), "{}: 'model_type' is missing", source);
  const std::string architecture = architecture_in(config);
  const ModelFamily* found = nullptr;
  std::string known;
  for (const ModelFamily& family : model_families()) {
    if (family.model_type == type->get_ref<const std::string&>()) {
      if (std::ranges::find(family.architectures, architecture) != family.architectures.end()) {
        return family;
      }
      found = found == nullptr ? &family : found;
    }
    if (known.find(family.model_type) == std::string::npos) {
      known += (known.empty() ? "" : ", ") + family.model_type;
    }
  }
  if (found != nullptr) {
    return *found;
  }
  fail(ErrorKind::bad_data, "{}: model_type {}: heed knows {}", source, type->dump(), known);
}

Json model_section(const Json& config, const ModelFamily& family, const std::string& source) {
  if (config.contains("heed")) {
    return config.at("heed");
  }
  try {
    return family.ours(config, source);
  } catch (const Error& error) {
    // What would be a mistake of a recipe is one of the file.
    check_data(error.kind() != ErrorKind::usage, "{}: {}", source, error.what());
    throw;
  }
}

namespace {

bool finds_our_names(const ModelFamily& family) {
  return std::all_of(family.names.begin(), family.names.end(), [](const NameRule& rule) {
    return std::any_of(rule.theirs.begin(), rule.theirs.end(), [&](const Place& place) {
      return place.name == rule.ours && place.form == Form::as_is && place.parts == 1 &&
             place.skip == 0;
    });
  });
}

const ModelFamily& first_family(const std::string& kind, const Json& model, bool under_our_names) {
  for (const ModelFamily& family : model_families()) {
    if (family.kind == kind && (!under_our_names || finds_our_names(family)) &&
        family.theirs(model)) {
      return family;
    }
  }
  fail(ErrorKind::failure, "no layout for a model of the kind '{}'", kind);
}

}  // namespace

const ModelFamily& family_for(const std::string& kind, const Json& model) {
  return first_family(kind, model, false);
}

const ModelFamily& family_named(const std::string& name, const std::string& kind,
                                const Json& model) {
  std::vector<std::string> known, fewest;
  for (const ModelFamily& family : model_families()) {
    if (family.kind != kind || family.obstacles == nullptr) {
      continue;
    }
    if (std::ranges::find(known, family.model_type) == known.end()) {
      known.push_back(family.model_type);
    }
    if (family.model_type == name) {
      std::vector<std::string> obstacles = family.obstacles(model);
      if (obstacles.empty()) {
        return family;
      }
      // Of several classes, what is wrong with the closest.
      fewest = fewest.empty() || obstacles.size() < fewest.size() ? std::move(obstacles) : fewest;
    }
  }
  check_usage(fewest.empty(), "no model of the family {} is like this one: {}", name,
              fmt::format("{}", fmt::join(fewest, "; ")));
  fail(ErrorKind::usage, "no family of this kind of model is called '{}': {}", name,
       known.empty() ? "other programs have none for it"
                     : fmt::format("{}", fmt::join(known, ", ")));
}

const ModelFamily& training_family_for(const std::string& kind, const Json& model) {
  return first_family(kind, model, true);
}

}  // namespace heed
