#include "heed/data/text_stream.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "heed/base/error.h"

namespace heed {

namespace {

constexpr std::size_t input_size = std::size_t{1} << 17;
// What a gzip member begins with.
constexpr unsigned char first_magic = 0x1F;
constexpr unsigned char second_magic = 0x8B;

}  // namespace

struct TextStream::Inflater {
  Inflater() {
    constexpr int gzip_only = 15 + 16;
    if (inflateInit2(&stream, gzip_only) != Z_OK) {
      throw std::bad_alloc();
    }
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream stream{};
};

TextStream::TextStream(const std::filesystem::path& path)
    : name_(path.string()), input_(std::make_unique<char[]>(input_size)) {
  std::error_code error;
  check_io(!std::filesystem::is_directory(path, error), "{}: is a directory, expected a file",
           name_);
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  check_io(descriptor_ >= 0, "{}: cannot open: {}", name_, std::strerror(errno));
}

TextStream::~TextStream() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

std::uint64_t TextStream::place() const {
  return input_place_ + begin_;
}

// Reads more behind the input that was not used yet; false at the end of the file.
bool TextStream::refill() {
  if (input_ended_) {
    return false;
  }
  std::copy(input_.get() + begin_, input_.get() + end_, input_.get());
  input_place_ += begin_;
  end_ -= begin_;
  begin_ = 0;
  ssize_t count = 0;
  do {
    count = ::read(descriptor_, input_.get() + end_, input_size - end_);
  } while (count < 0 && errno == EINTR);
  check_io(count >= 0, "{}: cannot read: {}", name_, std::strerror(errno));
  end_ += static_cast<std::size_t>(count);
  input_ended_ = count == 0;
  return count > 0;
}

void TextStream::begin() {
  while (end_ - begin_ < 2 && refill()) {
  }
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(input_[begin_ + i]); };
  const bool compressed = end_ - begin_ >= 2 && byte(0) == first_magic && byte(1) == second_magic;
  check_data(compressed || !name_.ends_with(".gz"), "{}: is named .gz, but not compressed by gzip",
             name_);
  state_ = compressed ? State::member : State::plain;
  if (compressed) {
    inflater_ = std::make_unique<Inflater>();
  }
}

std::size_t TextStream::read(std::span<char> buffer) {
  if (state_ == State::unread) {
    begin();
  }
  std::size_t count = 0;
  // A member may be empty.
  while (count == 0 && state_ != State::end && !buffer.empty()) {
    count = state_ == State::plain ? read_plain(buffer) : read_member(buffer);
  }
  return count;
}

std::size_t TextStream::read_plain(std::span<char> buffer) {
  if (begin_ == end_ && !refill()) {
    state_ = State::end;
    return 0;
  }
  const std::size_t count = std::min(end_ - begin_, buffer.size());
  std::copy_n(input_.get() + begin_, count, buffer.data());
  begin_ += count;
  return count;
}

std::size_t TextStream::read_member(std::span<char> buffer) {
  z_stream& stream = inflater_->stream;
  stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
  stream.avail_out = static_cast<uInt>(std::min<std::size_t>(buffer.size(), 1u << 30));
  const std::size_t room = stream.avail_out;
  while (stream.avail_out == room) {
    check_data(begin_ < end_ || refill(), "{}: the compressed data are cut off at byte {}", name_,
               place());
    stream.next_in = reinterpret_cast<Bytef*>(input_.get() + begin_);
    stream.avail_in = static_cast<uInt>(end_ - begin_);
    const int code = inflate(&stream, Z_NO_FLUSH);
    begin_ = end_ - stream.avail_in;
    if (code == Z_MEM_ERROR) {
      throw std::bad_alloc();
    }
    check_data(code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR,
               "{}: the compressed data are damaged near byte {}", name_, place());
    if (code == Z_STREAM_END) {
      after_member();
      break;
    }
  }
  return room - stream.avail_out;
}

// Another member, or zero bytes up to the end of the file.
void TextStream::after_member() {
  while (end_ - begin_ < 2 && refill()) {
  }
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(input_[begin_ + i]); };
  if (begin_ < end_ && byte(0) == first_magic) {
    check_data(end_ - begin_ >= 2, "{}: the compressed data are cut off at byte {}", name_,
               place() + 1);
    if (byte(1) == second_magic) {
      inflateReset(&inflater_->stream);
      return;
    }
  }
  state_ = State::end;
  do {
    const char* rest = std::find_if(input_.get() + begin_, input_.get() + end_,
                                    [](char padding) { return padding != '\0'; });
    begin_ = static_cast<std::size_t>(rest - input_.get());
    check_data(
        begin_ == end_,
        "{}: from byte {} on there is something that gzip did not compress, behind something "
        "that it did",
        name_, place());
  } while (refill());
}

}  // namespace heed
