#include "heed/data/line_reader.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/unicode.h"

namespace heed {

namespace {

constexpr std::size_t buffer_size = std::size_t{1} << 17;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

template <typename Closer>
gzFile as_gzip(const std::unique_ptr<void, Closer>& file) {
  return static_cast<gzFile>(file.get());
}

}  // namespace

void LineReader::Closer::operator()(void* file) const {
  gzclose(static_cast<gzFile>(file));
}

LineReader::LineReader(const std::filesystem::path& path, std::size_t line_limit)
    : name_(path.string()), line_limit_(line_limit), buffer_(buffer_size) {
  std::error_code error;
  check_io(!std::filesystem::is_directory(path, error), "{}: is a directory, expected a file",
           name_);
  errno = 0;
  file_.reset(gzopen(path.c_str(), "rbe"));
  check_io(file_ != nullptr, "{}: cannot open: {}", name_,
           std::strerror(errno != 0 ? errno : ENOMEM));
  gzbuffer(as_gzip(file_), buffer_size);
}

LineReader::~LineReader() = default;
LineReader::LineReader(LineReader&&) noexcept = default;
LineReader& LineReader::operator=(LineReader&&) noexcept = default;

bool LineReader::fill() {
  const int count = gzread(as_gzip(file_), buffer_.data(), static_cast<unsigned>(buffer_.size()));
  int code = Z_OK;
  gzerror(as_gzip(file_), &code);
  if (code == Z_ERRNO) {
    fail(ErrorKind::input_output, "{}: cannot read: {}", name_, std::strerror(errno));
  }
  // The end of a compressed stream that was cut off shows as Z_BUF_ERROR, with what came before it.
  check_data(count >= 0 && (count > 0 || code == Z_OK || code == Z_STREAM_END),
             "{}: the compressed data are damaged or cut off", name_);
  check_data(!name_.ends_with(".gz") || gzdirect(as_gzip(file_)) == 0,
             "{}: is named .gz, but not compressed by gzip", name_);
  begin_ = 0;
  end_ = static_cast<std::size_t>(count);
  return end_ > 0;
}

bool LineReader::read_line(bool& too_long) {
  line_.clear();
  bool any = false;
  while (begin_ < end_ || fill()) {
    any = true;
    const char* start = buffer_.data() + begin_;
    const void* newline = std::memchr(start, '\n', end_ - begin_);
    const std::size_t length =
        newline != nullptr ? static_cast<std::size_t>(static_cast<const char*>(newline) - start)
                           : end_ - begin_;
    const std::size_t room = line_limit_ - std::min(line_limit_, line_.size());
    too_long = too_long || length > room;
    line_.append(start, std::min(length, room));
    begin_ += length + (newline != nullptr ? 1 : 0);
    if (newline != nullptr) {
      break;
    }
  }
  return any;
}

std::optional<Line> LineReader::next_with_problem() {
  Line line;
  bool too_long = false;
  if (!read_line(too_long)) {
    return std::nullopt;
  }
  line.number = ++line_number_;
  if (line.number == 1 && line_.starts_with(byte_order_mark)) {
    line_.erase(0, byte_order_mark.size());
  }
  if (!too_long && line_.ends_with('\r')) {
    line_.pop_back();
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
  const auto line = next_with_problem();
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
