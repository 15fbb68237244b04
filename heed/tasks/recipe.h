// Recipes: everything that decides a training run, in one YAML file.
//
//   const Recipe recipe = read_recipe("recipe.yaml", {"training.max_steps=500"});
//   run_recipe(recipe, "runs/a");                      // heed/tasks/run.h
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "heed/tasks/run_settings.h"

namespace heed {

struct RecipeDocument;  // heed/tasks/recipe_document.h
struct TaskKind;

// Threads may share one.
struct Recipe {
  const TaskKind* kind = nullptr;
  std::shared_ptr<const RecipeDocument> document;  // resolved: every key of the task's
  RunSettings settings;                            // of the document, what all tasks have
};

// Reads a recipe file and applies overrides such as "training.max_steps=100". Without a title it
// has the file's name. Errors: input_output, or usage naming the file, the line or the key: an
// unknown task (with the known ones), an unknown key (with the nearest known one), a key of another
// task (with its name), values that contradict each other.
Recipe read_recipe(const std::filesystem::path& path, const std::vector<std::string>& overrides);

}  // namespace heed
