// Every key of a recipe with its type, default and meaning, in two forms.
#pragma once

#include <string>

namespace heed::app {

// A recipe in YAML that says what would hold anyway: every key with its default, its type and
// meaning behind it as a comment.
std::string recipe_template();

// The same as a page: a table for each section, keys dotted. docs/RECIPE.md holds it.
std::string recipe_page();

}  // namespace heed::app
