#include "heed/tasks/task_kinds.h"

#include "heed/base/error.h"
#include "heed/tasks/language_modelling.h"
#include "heed/tasks/masked_language_modelling.h"
#include "heed/tasks/question_answering.h"
#include "heed/tasks/text_classification.h"
#include "heed/tasks/token_classification.h"
#include "heed/tasks/translation.h"

namespace heed {

const std::vector<TaskKind>& task_kinds() {
  static const std::vector<TaskKind> kinds = {
      translation_task(),         language_modelling_task(),   masked_language_modelling_task(),
      text_classification_task(), token_classification_task(), question_answering_task(),
  };
  return kinds;
}

const TaskKind& task_kind(const std::string& name) {
  for (const TaskKind& kind : task_kinds()) {
    if (kind.name == name) {
      return kind;
    }
  }
  fail(ErrorKind::usage, "task '{}' is unknown; known are {}", name, task_names());
}

std::string task_names() {
  std::string names;
  for (const TaskKind& kind : task_kinds()) {
    names += (names.empty() ? "" : ", ") + kind.name;
  }
  return names;
}

}  // namespace heed
