#include "heed/data/held_lines.h"

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/data/line_reader.h"

namespace heed {

std::vector<std::string> read_held_lines(const std::string& path, std::int64_t most) {
  check_file_to_hold(path);
  LineReader reader(path);
  std::vector<std::string> lines;
  std::size_t bytes = 0;
  while (reader.line_number() < most) {
    const auto line = reader.next();
    if (!line) {
      break;
    }
    bytes += line->size();
    check_data(reader.line_number() <= held_line_limit && bytes <= held_byte_limit,
               "{}:{}: more than {} lines or {} bytes, which are held at most; use a part of it",
               path, reader.line_number(), held_line_limit, held_byte_limit);
    lines.emplace_back(*line);
  }
  return lines;
}

}  // namespace heed
