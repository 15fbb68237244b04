// From a task's own recipe struct to what TaskKind asks for. `Recipe` derives from RunSettings.
#pragma once

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

// A resolved recipe as its task's struct.
template <typename Recipe>
Recipe typed_recipe(const Json& recipe) {
  return config_from_json<Recipe>(recipe, "recipe");
}

}  // namespace heed
