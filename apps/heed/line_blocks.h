// Lines of a file or of standard input, in blocks that are as large as the source can give without
// waiting: who types a line is answered at once, who pipes a file gets full batches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "heed/data/line_reader.h"

namespace heed::app {

struct LineBlock {
  std::vector<std::string> lines;
  std::int64_t first_number = 1;  // of the first line, from 1
};

class LineBlocks {
 public:
  virtual ~LineBlocks() = default;
  // The next lines, at most `limit`, and not many more than 16 MB of them; none at the end. Waits
  // for one line only. Errors name source and line: (bad_data) invalid UTF-8, a NUL byte, a line of
  // more than default_line_limit bytes; lines before such a one are given out first; (input_output)
  // the source cannot be read.
  virtual LineBlock next(std::size_t limit) = 0;
};

// Of a file (.gz as well).
std::unique_ptr<LineBlocks> file_blocks(const std::string& path);
// Of an open descriptor, which `name` names in messages.
std::unique_ptr<LineBlocks> descriptor_blocks(int descriptor, const std::string& name);

// Of an --input: a file, or standard input.
std::unique_ptr<LineBlocks> input_blocks(const std::string& input);
// How messages name it: the file, or "standard input".
std::string input_name(const std::string& input);

}  // namespace heed::app
