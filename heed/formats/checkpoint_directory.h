// The checkpoints of a run directory: which there are, which is the last sound one, the links
// `best` and `last`, and what may go.
//
// Thread-safety: may be called from any thread, for one run directory by one at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "heed/formats/checkpoint.h"

namespace heed {

// RUN/step-N
std::filesystem::path checkpoint_path(const std::filesystem::path& run_directory,
                                      std::int64_t step);
// RUN/.step-N.PID.tmp, where this process writes a checkpoint or takes one apart.
std::filesystem::path temporary_checkpoint_path(const std::filesystem::path& run_directory,
                                                std::int64_t step);

// The steps of the folders `step-N`, ascending, sound or not. A run directory that does not exist
// has none.
std::vector<std::int64_t> list_checkpoints(const std::filesystem::path& run_directory);

struct LatestCheckpoint {
  std::optional<CheckpointReader> reader;  // empty when there is no sound checkpoint
  std::vector<std::string> problems;       // a line for each newer one that is damaged
};
// The sound checkpoint of the highest step. Reads all of it.
LatestCheckpoint latest_valid_checkpoint(const std::filesystem::path& run_directory);

// Makes the symbolic link RUN/name (`best`, `last`) point to `step-N`, atomically. The checkpoint
// must be there.
void point_link(const std::filesystem::path& run_directory, const std::string& name,
                std::int64_t step);
// The step that a link points to; nothing when it is missing, or is anything but such a link.
std::optional<std::int64_t> linked_step(const std::filesystem::path& run_directory,
                                        const std::string& name);

// Deletes all checkpoints but those of the steps `wanted` and those that any link points to.
// Returns the steps that went. A deletion that is interrupted leaves nothing named `step-N`.
std::vector<std::int64_t> prune_checkpoints(const std::filesystem::path& run_directory,
                                            std::span<const std::int64_t> wanted);

// Removes what interrupted writes and deletions left behind (folders `.step-N.PID.tmp`, links
// `.NAME.PID.tmp`): for the start of a run. Nothing else may be writing to the directory.
void remove_interrupted_checkpoints(const std::filesystem::path& run_directory);

}  // namespace heed
