#include "heed/data/line_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/unicode.h"

namespace heed {

namespace {

constexpr std::size_t buffer_size = std::size_t{1} << 17;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// Each byte of Latin-1 (ISO 8859-1) is the code point of its number.
std::string utf8_of_latin1(std::string_view line) {
  std::string text;
  for (const char c : line) {
    text += encode_utf8(static_cast<unsigned char>(c));
  }
  return text;
}

}  // namespace

LineEncoding parse_line_encoding(const std::string& name, const std::string& key) {
  check_usage(name == "utf-8" || name == "latin-1", "{} '{}': expected utf-8 or latin-1", key,
              name);
  return name == "utf-8" ? LineEncoding::utf8 : LineEncoding::latin1;
}

LineReader::LineReader(const std::filesystem::path& path, std::size_t line_limit,
                       LineEncoding encoding)
    : name_(path.string()),
      line_limit_(line_limit),
      encoding_(encoding),
      stream_(std::make_unique<TextStream>(path)),
      buffer_(buffer_size) {}

LineReader::~LineReader() = default;
LineReader::LineReader(LineReader&&) noexcept = default;
LineReader& LineReader::operator=(LineReader&&) noexcept = default;

bool LineReader::fill() {
  begin_ = 0;
  end_ = stream_->read(buffer_);
  return end_ > 0;
}

// False at the end of the file. Of a line that is too long, line_ holds the beginning.
bool LineReader::read_line(LongLine rest, bool& too_long) {
  line_.clear();
  std::size_t size = 0;
  bool any = false;
  while (begin_ < end_ || fill()) {
    any = true;
    const char* start = buffer_.data() + begin_;
    const void* newline = std::memchr(start, '\n', end_ - begin_);
    const std::size_t length =
        newline != nullptr ? static_cast<std::size_t>(static_cast<const char*>(newline) - start)
                           : end_ - begin_;
    line_.append(start, std::min(length, line_limit_ - line_.size()));
    begin_ += length + (newline != nullptr ? 1 : 0);
    size += length;
    too_long = size > line_limit_;
    if (newline != nullptr || (too_long && rest == LongLine::leave)) {
      break;
    }
    check_data(size <= std::max(skipped_line_limit, line_limit_),
               "{}:{}: the line is longer than {} bytes; is this a text file?", name_,
               line_number_ + 1, std::max(skipped_line_limit, line_limit_));
  }
  return any;
}

std::optional<Line> LineReader::next_with_problem() {
  return read(LongLine::skip);
}

std::optional<Line> LineReader::read(LongLine rest) {
  Line line;
  bool too_long = false;
  if (!read_line(rest, too_long)) {
    return std::nullopt;
  }
  line.number = ++line_number_;
  if (line.number == 1 && line_.starts_with(byte_order_mark)) {
    line_.erase(0, byte_order_mark.size());
  }
  if (!too_long && line_.ends_with('\r')) {
    line_.pop_back();
  }
  if (encoding_ == LineEncoding::latin1) {
    line_ = utf8_of_latin1(line_);
  }
  line.text = line_;
  if (too_long) {
    line.problem = LineProblem::too_long;
  } else if (const std::size_t nul = line_.find('\0'); nul != std::string::npos) {
    line.problem = LineProblem::nul;
    line.problem_byte = nul;
  } else if (const auto invalid = find_invalid_utf8(line_)) {
    line.problem = LineProblem::invalid_utf8;
    line.problem_byte = *invalid;
  }
  return line;
}

std::optional<std::string_view> LineReader::next() {
  const auto line = read(LongLine::leave);
  if (!line) {
    return std::nullopt;
  }
  switch (line->problem) {
    case LineProblem::none:
      return line->text;
    case LineProblem::too_long:
      fail(ErrorKind::bad_data, "{}:{}: the line is longer than {} bytes", name_, line->number,
           line_limit_);
    case LineProblem::nul:
      fail(ErrorKind::bad_data, "{}:{}: NUL byte at byte {} of the line{}", name_, line->number,
           line->problem_byte,
           line->number == 1 ? "; is the file UTF-16? convert it to UTF-8" : "");
    case LineProblem::invalid_utf8:
      break;
  }
  fail(ErrorKind::bad_data, "{}:{}: invalid UTF-8 at byte {} of the line", name_, line->number,
       line->problem_byte);
}

std::string_view tsv_column(std::string_view line, int column, const LineReader& reader) {
  int current = 1;
  for (std::size_t begin = 0;; ++current) {
    const std::size_t end = line.find('\t', begin);
    if (current == column) {
      return line.substr(begin, end == std::string_view::npos ? end : end - begin);
    }
    check_data(end != std::string_view::npos, "{}:{}: {} columns, expected at least {}",
               reader.name(), reader.line_number(), current, column);
    begin = end + 1;
  }
}

}  // namespace heed
