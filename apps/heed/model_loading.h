// Loading of models for the subcommands.
#pragma once

#include <filesystem>
#include <string>

#include "heed/interop/load_model.h"

namespace heed::app {

// The model of a run or model directory that `heed COMMAND` runs, as load_model gives it;
// `running`: for a command that does nothing else. Errors: those of load_model; usage: a model for
// another task than `task`, with the command that is for it.
LoadedModel load_model_for(const std::string& command, const std::string& task,
                           const std::filesystem::path& directory,
                           MatmulPrecision running = MatmulPrecision::float32);

// The same for a command that takes encoders with any head, or none.
LoadedModel load_encoder_for(const std::string& command, const std::filesystem::path& directory,
                             MatmulPrecision running = MatmulPrecision::float32);

// For an --output that becomes a model directory. Errors: usage when it holds a model; input_output
// when it cannot be made or written into.
void check_new_model_directory(const std::filesystem::path& directory);

}  // namespace heed::app
