#include "heed/data/text_pairs.h"

#include <string_view>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/unicode.h"

namespace heed {

namespace {

std::string join_lines(std::span<const TextPair> pairs, std::string TextPair::*side) {
  std::string lines;
  for (const TextPair& pair : pairs) {
    const std::string& text = pair.*side;
    check(text.find_first_of("\r\n") == std::string::npos,
          "write_parallel_text: a text holds a line break: '{}'", text);
    check(!find_invalid_utf8(text), "write_parallel_text: text {} is not valid UTF-8",
          &pair - pairs.data());
    lines.append(text).append("\n");
  }
  return lines;
}

}  // namespace

void write_parallel_text(std::span<const TextPair> pairs, const std::filesystem::path& source_path,
                         const std::filesystem::path& target_path) {
  check_usage(source_path.lexically_normal() != target_path.lexically_normal(),
              "write_parallel_text: source and target are the same file {}", source_path.string());
  // Both sides are checked before either is written: no lone half of a corpus is left behind.
  const std::string source = join_lines(pairs, &TextPair::source);
  const std::string target = join_lines(pairs, &TextPair::target);
  write_file_atomically(source_path, source);
  write_file_atomically(target_path, target);
}

}  // namespace heed
