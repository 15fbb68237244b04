#include "apps/heed/line_blocks.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <optional>
#include <string_view>

#include "apps/heed/file_options.h"
#include "heed/base/error.h"
#include "heed/base/unicode.h"

namespace heed::app {

namespace {

constexpr std::size_t block_byte_limit = std::size_t{1} << 24;

// Gathers lines one by one; an error waits until the lines before it are out.
class GatheredBlocks : public LineBlocks {
 public:
  LineBlock next(std::size_t limit) override {
    LineBlock block;
    block.first_number = given_ + 1;
    std::size_t bytes = 0;
    while (!error_ && block.lines.size() < limit && bytes < block_byte_limit) {
      try {
        std::optional<std::string> line = next_line(block.lines.empty());
        if (!line) {
          break;
        }
        bytes += line->size();
        block.lines.push_back(std::move(*line));
      } catch (const Error&) {
        error_ = std::current_exception();
      }
    }
    if (block.lines.empty() && error_) {
      std::rethrow_exception(error_);
    }
    given_ += static_cast<std::int64_t>(block.lines.size());
    return block;
  }

 protected:
  // Nothing at the end, or when `may_wait` is false and there is no line yet.
  virtual std::optional<std::string> next_line(bool may_wait) = 0;

 private:
  std::int64_t given_ = 0;
  std::exception_ptr error_;
};

class FileBlocks : public GatheredBlocks {
 public:
  explicit FileBlocks(const std::string& path) : reader_(path) {}

 protected:
  std::optional<std::string> next_line(bool) override {
    const auto line = reader_.next();
    return line ? std::optional(std::string(*line)) : std::nullopt;
  }

 private:
  LineReader reader_;
};

class DescriptorBlocks : public GatheredBlocks {
 public:
  DescriptorBlocks(int descriptor, const std::string& name)
      : descriptor_(descriptor), name_(name), chunk_(std::size_t{1} << 16) {}

 protected:
  std::optional<std::string> next_line(bool may_wait) override;

 private:
  bool has_input(int milliseconds) const;
  void read_more();
  std::string take_line(std::size_t length);

  int descriptor_;
  std::string name_;
  std::vector<char> chunk_;
  std::string buffer_;
  std::size_t begin_ = 0;    // of the first line that was not given out
  std::size_t scanned_ = 0;  // no newline between begin_ and here
  std::int64_t number_ = 0;
  bool at_end_ = false;
};

// Whether a read would return at once, be it with nothing at the end; waits so long for it, -1: as
// long as it takes.
bool DescriptorBlocks::has_input(int milliseconds) const {
  pollfd request{descriptor_, POLLIN, 0};
  return ::poll(&request, 1, milliseconds) > 0;
}

void DescriptorBlocks::read_more() {
  buffer_.erase(0, begin_);
  scanned_ -= begin_;
  begin_ = 0;
  ssize_t count = 0;
  do {
    count = ::read(descriptor_, chunk_.data(), chunk_.size());
  } while (count < 0 && (errno == EINTR || (errno == EAGAIN && has_input(-1))));
  check_io(count >= 0, "{}: cannot read: {}", name_, std::strerror(errno));
  at_end_ = count == 0;
  buffer_.append(chunk_.data(), static_cast<std::size_t>(count));
}

std::optional<std::string> DescriptorBlocks::next_line(bool may_wait) {
  for (;;) {
    const std::size_t newline = buffer_.find('\n', scanned_);
    if (newline != std::string::npos) {
      std::string line = take_line(newline - begin_);
      ++begin_;
      scanned_ = begin_;
      return line;
    }
    scanned_ = buffer_.size();
    check_data(buffer_.size() - begin_ <= default_line_limit,
               "{}:{}: the line is longer than {} bytes", name_, number_ + 1, default_line_limit);
    if (at_end_) {
      return begin_ < buffer_.size() ? std::optional(take_line(buffer_.size() - begin_))
                                     : std::nullopt;
    }
    if (!may_wait && !has_input(0)) {
      return std::nullopt;
    }
    read_more();
  }
}

std::string DescriptorBlocks::take_line(std::size_t length) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  std::string line = buffer_.substr(begin_, length);
  begin_ += length;
  scanned_ = begin_;
  ++number_;
  check_data(length <= default_line_limit, "{}:{}: the line is longer than {} bytes", name_,
             number_, default_line_limit);
  if (number_ == 1 && line.starts_with(byte_order_mark)) {
    line.erase(0, byte_order_mark.size());
  }
  if (line.ends_with('\r')) {
    line.pop_back();
  }
  const std::size_t nul = line.find('\0');
  check_data(nul == std::string::npos, "{}:{}: NUL byte at byte {} of the line", name_, number_,
             nul);
  const auto invalid = find_invalid_utf8(line);
  check_data(!invalid, "{}:{}: invalid UTF-8 at byte {} of the line", name_, number_,
             invalid.value_or(0));
  return line;
}

}  // namespace

std::unique_ptr<LineBlocks> file_blocks(const std::string& path) {
  return std::make_unique<FileBlocks>(path);
}

std::unique_ptr<LineBlocks> descriptor_blocks(int descriptor, const std::string& name) {
  return std::make_unique<DescriptorBlocks>(descriptor, name);
}

std::unique_ptr<LineBlocks> input_blocks(const std::string& input) {
  return is_standard_input(input) ? descriptor_blocks(STDIN_FILENO, input_name(input))
                                  : file_blocks(input);
}

std::string input_name(const std::string& input) {
  return is_standard_input(input) ? "standard input" : input;
}

}  // namespace heed::app
