#include "apps/heed/model_loading.h"

#include <fmt/format.h>

#include <map>

#include "apps/heed/common.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/output_file.h"
#include "heed/interop/model_kind.h"

namespace heed::app {

namespace {

// What runs the models of a task, to end a sentence with; empty: no command does.
std::string command_for(const std::string& task, const std::string& command,
                        const std::string& directory) {
  static const std::map<std::string, std::string> options = {
      {"attend", "--prompt"}, {"evaluate", "--text"}, {"heads", "--text"}};
  if (const auto own = options.find(command);
      task == "language_modelling" && own != options.end()) {
    return fmt::format(", or {} for this one", own->second);
  }
  static const std::map<std::string, std::string> commands = {
      {"translation", "translate"},          {"language_modelling", "generate"},
      {"masked_language_modelling", "fill"}, {"text_classification", "classify"},
      {"token_classification", "tag"},       {"question_answering", "answer"}};
  const auto found = commands.find(task);
  return found == commands.end()
             ? std::string()
             : fmt::format("; `heed {} --model {}` runs this one", found->second, directory);
}

std::string noun_of(const std::string& task) {
  for (const ModelKind& kind : model_kinds()) {
    if (kind.task == task) {
      return kind.noun;
    }
  }
  fail(ErrorKind::failure, "no model is for the task '{}'", task);
}

LoadedModel loaded_with_notes(const std::filesystem::path& directory, MatmulPrecision running) {
  LoadedModel model = load_model(directory, cpu_device, running);
  for (const std::string& note : model.notes) {
    print_warning(note);
  }
  return model;
}

}  // namespace

LoadedModel load_model_for(const std::string& command, const std::string& task,
                           const std::filesystem::path& directory, MatmulPrecision running) {
  const ModelKind& kind = model_kind_in(directory);
  check_usage(kind.task == task, "{}: this is {}; `heed {}` needs {}{}", directory.string(),
              kind.noun, command, noun_of(task),
              command_for(kind.task, command, directory.string()));
  return loaded_with_notes(directory, running);
}

LoadedModel load_encoder_for(const std::string& command, const std::filesystem::path& directory,
                             MatmulPrecision running) {
  const ModelKind& kind = model_kind_in(directory);
  check_usage(!kind.writes, "{}: this is {}; `heed {}` needs an encoder{}", directory.string(),
              kind.noun, command, command_for(kind.task, command, directory.string()));
  return loaded_with_notes(directory, running);
}

void check_new_model_directory(const std::filesystem::path& directory) {
  for (const char* name : {"model.safetensors", "model.safetensors.index.json"}) {
    check_usage(!path_exists(directory / name),
                "{}: holds a model already; choose another directory", directory.string());
  }
  check_output_directory(directory);
}

}  // namespace heed::app
