// Lines of text files, one at a time, never the whole file.
//
//   LineReader reader("train.en.gz");
//   while (const auto line = reader.next()) { … }
//
// Plain or gzip-compressed text (heed/data/text_stream.h) in UTF-8, or in Latin-1, which is turned
// into UTF-8. A byte order mark at the beginning and the CR of CRLF line ends are taken off; the
// last line need not end with a newline. Nothing but \n ends a line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "heed/data/text_stream.h"

namespace heed {

inline constexpr std::size_t default_line_limit = 1'000'000;  // bytes

// Who is told of a line that is too long and goes on behind it does so up to here: what has no line
// end for so long is no text.
inline constexpr std::size_t skipped_line_limit = std::size_t{1} << 28;  // bytes

enum class LineEncoding { utf8, latin1 };

// "utf-8" or "latin-1". Error (usage) names `key`: another.
LineEncoding parse_line_encoding(const std::string& name, const std::string& key);

enum class LineProblem { none, too_long, nul, invalid_utf8 };

struct Line {
  std::string_view text;  // valid until the next call; of a line that is too long, the beginning
  std::int64_t number = 0;
  LineProblem problem = LineProblem::none;
  std::size_t problem_byte = 0;
};

class LineReader {
 public:
  // Errors (input_output) name the path: missing, a directory, unreadable.
  explicit LineReader(const std::filesystem::path& path,
                      std::size_t line_limit = default_line_limit,
                      LineEncoding encoding = LineEncoding::utf8);
  ~LineReader();
  LineReader(LineReader&&) noexcept;
  LineReader& operator=(LineReader&&) noexcept;

  // The next line, or nothing at the end; the text is valid until the next call. Errors (bad_data)
  // name file and line: longer than the limit, a NUL byte, invalid UTF-8; or the file: damaged or
  // truncated compression. A line that is too long is refused where it passes the limit, however
  // far its end is.
  std::optional<std::string_view> next();

  // The same, but what is wrong with the line is told in it instead of thrown, up to lines of
  // skipped_line_limit bytes.
  std::optional<Line> next_with_problem();

  std::int64_t line_number() const { return line_number_; }
  const std::string& name() const { return name_; }

 private:
  enum class LongLine { leave, skip };

  std::optional<Line> read(LongLine rest);
  bool read_line(LongLine rest, bool& too_long);
  bool fill();

  std::string name_;
  std::size_t line_limit_;  // in bytes of the file
  LineEncoding encoding_;
  std::unique_ptr<TextStream> stream_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string line_;
  std::int64_t line_number_ = 0;
};

// The text of a 1-based column of a tab-separated line. Error (bad_data) names file and line when
// there are fewer columns.
std::string_view tsv_column(std::string_view line, int column, const LineReader& reader);

}  // namespace heed
