// The data of task files: JSON lines, CSV and TSV, plain or .gz.
//
// Thread-safety: any thread, at any time.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "heed/base/json.h"

namespace heed {

struct ShotDataFormat {
  std::string kind = "json";         // json (lines), or csv
  std::string delimiter = ",";       // csv: one character
  bool quoting = true;               // csv: "…" may hold delimiters, and "" is a quote
  std::vector<std::string> columns;  // csv: names; none: the first line holds them
};

// An object for each line. Errors name file and line: input_output, bad_data.
std::vector<Json> read_shot_documents(const std::filesystem::path& file,
                                      const ShotDataFormat& format);

}  // namespace heed
