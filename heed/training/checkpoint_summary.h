// What a checkpoint says of how far its training had come, for whoever only looks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

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

}  // namespace heed
