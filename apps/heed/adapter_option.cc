#include "apps/heed/adapter_option.h"

#include "apps/heed/common.h"
#include "apps/heed/file_options.h"
#include "apps/heed/model_loading.h"
#include "heed/base/error.h"
#include "heed/interop/adapter.h"

namespace heed::app {

CLI::Option* add_adapter_option(CLI::App& command, std::string& adapter) {
  return command
      .add_option("--adapter", adapter,
                  "Adapters (LoRA) and a head for --model, which they were trained upon: a "
                  "directory of `heed export --adapter`, or a run")
      ->type_name(directory_value);
}

LoadedModel load_adapted_for(const std::string& command, const std::string& task,
                             const std::string& directory, const std::string& adapter,
                             MatmulPrecision running) {
  if (adapter.empty()) {
    return load_model_for(command, task, directory, running);
  }
  LoadedModel model = load_adapted(directory, adapter);
  check_usage(model.task() == task, "{}: an adapter for {}; `heed {}` needs one for {}", adapter,
              model.task(), command, task);
  for (const std::string& note : model.notes) {
    print_warning(note);
  }
  return model;
}

}  // namespace heed::app
