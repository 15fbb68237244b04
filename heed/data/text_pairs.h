// Parallel text that was made rather than read: pairs of lines, and their way to disk.
#pragma once

#include <filesystem>
#include <span>
#include <string>

namespace heed {

struct TextPair {
  std::string source;
  std::string target;

  bool operator==(const TextPair&) const = default;
};

// Writes line i of the one file and line i of the other from pair i, in UTF-8, each line ended by
// "\n". Each file is whole or not there at all. Errors: failure when a text holds a line break or
// is not UTF-8, usage when both paths are the same, input_output when a file cannot be written.
void write_parallel_text(std::span<const TextPair> pairs, const std::filesystem::path& source_path,
                         const std::filesystem::path& target_path);

}  // namespace heed
