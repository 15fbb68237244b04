// --adapter DIR: adapters that are put on a model when it runs.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "heed/interop/load_model.h"

namespace heed::app {

CLI::Option* add_adapter_option(CLI::App& command, std::string& adapter);

// The model that `heed COMMAND` runs, with the adapter if there is one. Errors: those of
// load_model_for and load_adapted; usage: an adapter for another task.
LoadedModel load_adapted_for(const std::string& command, const std::string& task,
                             const std::string& directory, const std::string& adapter,
                             MatmulPrecision running);

}  // namespace heed::app
