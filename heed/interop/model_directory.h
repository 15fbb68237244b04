// Where a model lies, and its files of JSON. Plain functions: threads may call them at once.
#pragma once

#include <filesystem>

#include "heed/base/json_forward.h"

namespace heed {

// The model directory that `directory` means: itself, or in a run directory the link best, else
// last. Errors (input_output): neither.
std::filesystem::path model_directory_of(const std::filesystem::path& directory);

// A configuration of such a directory. Errors: input_output, bad_data (too large, no JSON).
Json read_model_json(const std::filesystem::path& path);

}  // namespace heed
