// Every task that heed has.
#pragma once

#include <string>
#include <vector>

#include "heed/tasks/task_kind.h"

namespace heed {

const std::vector<TaskKind>& task_kinds();

// Errors (usage): an unknown name, with the known ones.
const TaskKind& task_kind(const std::string& name);

// "translation, language_modelling"
std::string task_names();

}  // namespace heed
