#include "heed/tasks/recipe.h"

#include <algorithm>

#include "heed/base/config.h"
#include "heed/base/config_json.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/unicode.h"
#include "heed/base/yaml.h"
#include "heed/tasks/recipe_document.h"

namespace heed {

namespace {

bool has_key(const TaskKind& kind, const std::string& key) {
  const std::vector<ConfigKey> keys = kind.keys();
  return std::any_of(keys.begin(), keys.end(),
                     [&](const ConfigKey& known) { return known.key == key; });
}

// A key that this task does not have and another one does is no misspelling.
void refuse_keys_of_others(const TaskKind& kind, const Json& section, const std::string& prefix,
                           const std::string& source) {
  if (!section.is_object()) {
    return;
  }
  for (const auto& item : section.items()) {
    const std::string key = config_detail::join_key(prefix, item.key());
    if (has_key(kind, key)) {
      refuse_keys_of_others(kind, item.value(), key, source);
      continue;
    }
    for (const TaskKind& other : task_kinds()) {
      check_usage(!has_key(other, key),
                  "{}: {}: is a key of the task {}, not of {}; `heed recipe {}` lists the keys of "
                  "that one",
                  source, key, other.name, kind.name, kind.name);
    }
  }
}

// A path may be any bytes, but what is kept of a run is JSON and YAML.
void check_utf8(const Json& value, const std::string& key, const std::string& source) {
  if (value.is_string()) {
    check_text(value.get_ref<const std::string&>(), source + ": " + key);
  }
  if (value.is_structured()) {
    for (const auto& item : value.items()) {
      check_utf8(item.value(), value.is_object() ? config_detail::join_key(key, item.key()) : key,
                 source);
    }
  }
}

const TaskKind& kind_of(const Json& document, const std::string& source) {
  check_usage(!document.contains("compare"),
              "{}: has a section 'compare', which makes it a study for heed compare", source);
  check_usage(document.contains("task"),
              "{}: task: is missing; say what is learned, such as `task: translation` (known: {})",
              source, task_names());
  check_usage(document["task"].is_string(), "{}: task: expected one of {}, got {}", source,
              task_names(), document["task"].dump());
  try {
    return task_kind(document["task"].get<std::string>());
  } catch (const Error& error) {
    fail(ErrorKind::usage, "{}: {}", source, error.what());
  }
}

RunSettings settings_of(const Json& document) {
  Json common = Json::object();
  config_detail::NameVisitor names;
  RunSettings().fields(names);
  for (const std::string& name : names.names) {
    common[name] = document.at(name);
  }
  return config_from_json<RunSettings>(common, "recipe");
}

void hold(Recipe& recipe, Json document) {
  recipe.settings = settings_of(document);
  recipe.document = std::make_shared<const RecipeDocument>(RecipeDocument{std::move(document)});
}

}  // namespace

Json read_recipe_document(const std::filesystem::path& path,
                          const std::vector<std::string>& overrides) {
  Json json = parse_yaml(read_file(path, 1u << 20), path.string());
  if (json.is_null()) {
    json = Json::object();
  }
  check_usage(json.is_object(), "{}: the top level: expected a section of keys, got {}",
              path.string(), json.dump());
  for (const std::string& assignment : overrides) {
    apply_override(json, assignment);
  }
  return json;
}

Recipe recipe_from_json(const Json& document, const std::string& source) {
  Recipe recipe;
  recipe.kind = &kind_of(document, source);
  check_utf8(document, "", source);
  refuse_keys_of_others(*recipe.kind, document, "", source);
  hold(recipe, recipe.kind->resolve(document, source));
  return recipe;
}

Recipe read_recipe(const std::filesystem::path& path, const std::vector<std::string>& overrides) {
  Recipe recipe = recipe_from_json(read_recipe_document(path, overrides), path.string());
  if (recipe.settings.title.empty()) {
    set_recipe_key(recipe, "title", escape_invalid_utf8(path.stem().string()));
  }
  return recipe;
}

void set_recipe_key(Recipe& recipe, const std::string& key, const Json& value) {
  Json document = recipe.document->value;
  document.at(key) = value;
  check_utf8(document, "", "recipe");
  hold(recipe, std::move(document));
}

}  // namespace heed
