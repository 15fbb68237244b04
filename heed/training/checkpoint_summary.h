// What a checkpoint says of how far its training had come, for whoever only looks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "heed/base/json_forward.h"
#include "heed/training/history.h"

namespace heed {

struct CheckpointSummary {
  std::int64_t step = 0;
  std::int64_t epoch = 0;
  // The best validation so far: its step, loss and measures.
  std::optional<ValidationRecord> best;
};

// Of the state.json in a model directory; nothing when there is none, as in a model that training
// does not go on from. Errors: input_output; bad_data naming the file.
std::optional<CheckpointSummary> read_checkpoint_summary(const std::filesystem::path& directory);

// The loss and measures under "best" of a state.json; nothing for null. What is not finite, which
// JSON has no word for, stands as null and is read back as NaN. Errors: those of the JSON library.
std::optional<ValidationRecord> best_from_json(const Json& json);

}  // namespace heed
