// Recipes: everything that decides a training run, in one YAML file.
//
//   const Recipe recipe = read_recipe("recipe.yaml", {"training.max_steps=500"});
//   run_recipe(recipe, "runs/a");                      // heed/tasks/run.h
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "heed/base/json.h"
#include "heed/tasks/run_settings.h"
#include "heed/tasks/task_kinds.h"

namespace heed {

struct Recipe {
  const TaskKind* kind = nullptr;
  Json document;         // resolved: every key of the task's with its value
  RunSettings settings;  // of the document, what all tasks have
};

// Reads a recipe file and applies overrides such as "training.max_steps=100". Without a title it
// has the file's name. Errors: input_output, or usage naming the file, the line or the key: an
// unknown task (with the known ones), an unknown key (with the nearest known one), a key of another
// task (with its name), values that contradict each other.
Recipe read_recipe(const std::filesystem::path& path, const std::vector<std::string>& overrides);

// The same for a recipe that was parsed already; `source` is its name in errors.
Recipe recipe_from_json(const Json& document, const std::string& source);
// The document of a recipe file with overrides applied.
Json read_recipe_document(const std::filesystem::path& path,
                          const std::vector<std::string>& overrides);

// A key of the top level set in a resolved recipe: seed, threads, title, init_from.
void set_recipe_key(Recipe& recipe, const std::string& key, const Json& value);

}  // namespace heed
