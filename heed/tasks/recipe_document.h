// Recipes as documents: what the library's own sources do with them. Others read them by
// heed/tasks/recipe.h.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "heed/base/json.h"
#include "heed/tasks/recipe.h"
#include "heed/tasks/task_kinds.h"

namespace heed {

struct RecipeDocument {
  Json value;
};

// A recipe that was parsed already; `source` is its name in errors. Errors as for read_recipe.
Recipe recipe_from_json(const Json& document, const std::string& source);
// The document of a recipe file with overrides applied.
Json read_recipe_document(const std::filesystem::path& path,
                          const std::vector<std::string>& overrides);

// A key of the top level set in a resolved recipe: seed, threads, title, init_from.
void set_recipe_key(Recipe& recipe, const std::string& key, const Json& value);

}  // namespace heed
