// Every key of a task's recipe with its type, default and meaning, in two forms.
#pragma once

#include <string>
#include <vector>

#include "heed/tasks/task_kind.h"

namespace heed::app {

// A recipe in YAML that says what would hold anyway: every key of the task with its default, its
// type and meaning behind it as a comment.
std::string recipe_template(const TaskKind& kind);

// The same of all tasks as a page: a table for each section, keys dotted. docs/RECIPE.md holds it.
std::string recipe_page();

// The keys of all tasks, dotted, each once and in order; sections are none.
std::vector<std::string> recipe_key_names();
// Those below model.position, without that.
std::vector<std::string> position_option_names();

// The tasks, a line each.
std::string task_list();

}  // namespace heed::app
