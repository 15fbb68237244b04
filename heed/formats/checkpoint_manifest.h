// The text of checkpoint.json.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "heed/formats/checkpoint.h"

namespace heed {

inline constexpr const char* checkpoint_manifest_name = "checkpoint.json";

struct CheckpointManifest {
  std::int64_t step = 0;
  std::map<std::string, CheckpointFile> files;
};

// The text ends with a checksum of what stands before it.
std::string checkpoint_manifest_text(const CheckpointManifest& manifest);
// Errors (bad_data) name `source`.
CheckpointManifest parse_checkpoint_manifest(std::string_view text, const std::string& source);

}  // namespace heed
