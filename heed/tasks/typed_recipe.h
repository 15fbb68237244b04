// From a task's own recipe struct to what TaskKind asks for. `Recipe` derives from RunSettings.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "heed/base/config.h"
#include "heed/base/config_json.h"
#include "heed/base/json.h"

namespace heed {

namespace typed_recipe_detail {

// Lists keys with the sections that they stand in.
struct KeyVisitor {
  std::string prefix;
  std::vector<ConfigKey>& keys;

  template <typename T>
  void operator()(const char* name, T& value, const char* meaning) {
    const std::string key = config_detail::join_key(prefix, name);
    if constexpr (config_detail::Aggregate<T>) {
      keys.push_back({key, "section", "", meaning});
      KeyVisitor nested{key, keys};
      value.fields(nested);
    } else {
      keys.push_back({key, config_detail::type_name<T>(), Json(value).dump(), meaning});
    }
  }
};

}  // namespace typed_recipe_detail

template <typename Recipe>
std::vector<ConfigKey> recipe_keys() {
  std::vector<ConfigKey> keys;
  typed_recipe_detail::KeyVisitor visitor{"", keys};
  Recipe().fields(visitor);
  return keys;
}

// Whether a recipe says every key of a section, as a resolved one does: then no defaults are asked
// for.
template <typename Recipe>
bool says_all_of(const Json& document, const std::string& section) {
  for (const ConfigKey& key : recipe_keys<Recipe>()) {
    if (key.type == "section" || !key.key.starts_with(section + ".")) {
      continue;
    }
    std::string pointer = "/" + key.key;
    std::replace(pointer.begin(), pointer.end(), '.', '/');
    if (!document.contains(Json::json_pointer(pointer))) {
      return false;
    }
  }
  return true;
}

// The model that a recipe starts from (init_from); empty: none, or the recipe says all of the model
// itself.
template <typename Recipe>
std::string model_to_start_from(const Json& document) {
  const auto init_from = document.find("init_from");
  const bool named = init_from != document.end() && init_from->is_string();
  return named && !says_all_of<Recipe>(document, "model") ? init_from->get<std::string>()
                                                          : std::string();
}

// A resolved recipe as its task's struct.
template <typename Recipe>
Recipe typed_recipe(const Json& recipe) {
  return config_from_json<Recipe>(recipe, "recipe");
}

}  // namespace heed
