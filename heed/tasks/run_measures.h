// What is kept of a run of a comparison once it is trained and tested: measures.json.
#pragma once

#include <filesystem>
#include <optional>

#include "heed/base/json_forward.h"
#include "heed/comparison/comparison.h"

namespace heed {

// Writes measures.json into the run directory; `identity` says what was measured on what.
void write_measures(const RunResult& result, const Json& identity,
                    const std::filesystem::path& run);

// The same back, with the metrics of the run; nothing when there is no such file, or when it has
// another identity. Errors: input_output; bad_data naming the file.
std::optional<RunResult> read_measures(const Json& identity, const std::filesystem::path& run);

}  // namespace heed
