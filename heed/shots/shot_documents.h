// The data of task files: JSON lines, CSV and TSV, plain or .gz.
//
// Thread-safety: any thread, at any time.
#pragma once

#include <filesystem>
#include <vector>

#include "heed/data/table_reader.h"

namespace heed {

// An object for each row; whole numbers in the cells of a table are numbers. Errors name file and
// line: input_output, bad_data (those of TableReader; no row at all).
std::vector<Json> read_shot_documents(const std::filesystem::path& file, const TableFormat& format);

}  // namespace heed
