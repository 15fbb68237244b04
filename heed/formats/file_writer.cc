#include "heed/formats/file_writer.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "heed/base/error.h"
#include "heed/base/files.h"

namespace heed {

namespace {

constexpr std::size_t buffer_size = std::size_t{1} << 20;

}  // namespace

FileWriter::FileWriter(const std::filesystem::path& path, Mode mode) : path_(path) {
  const int how = mode == Mode::append ? O_APPEND : O_TRUNC;
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | how, 0644);
  check_io(descriptor_ >= 0, "{}: cannot open for writing: {}", path.string(),
           std::strerror(errno));
}

FileWriter::~FileWriter() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

void FileWriter::write(std::span<const std::byte> bytes) {
  if (buffer_.size() + bytes.size() > buffer_size) {
    flush();
  }
  if (bytes.size() >= buffer_size) {
    write_through(bytes);
  } else {
    buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
}

void FileWriter::flush() {
  // Cleared first: after a failure the same bytes must not be written a second time.
  const std::string pending = std::exchange(buffer_, {});
  write_through(std::as_bytes(std::span(pending)));
}

void FileWriter::write_through(std::span<const std::byte> bytes) {
  check(descriptor_ >= 0, "{}: written to after it was closed", path_.string());
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    check_io(count > 0, "{}: cannot write: {}", path_.string(), std::strerror(errno));
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void FileWriter::close() {
  flush();
  const bool synced = ::fsync(descriptor_) == 0;
  check_io(synced, "{}: cannot sync: {}", path_.string(), std::strerror(errno));
  // Some file systems report a full disk only here.
  const bool closed = ::close(std::exchange(descriptor_, -1)) == 0;
  check_io(closed, "{}: cannot close: {}", path_.string(), std::strerror(errno));
}

void write_atomically(const std::filesystem::path& path,
                      const std::function<void(FileWriter&)>& write) {
  const std::filesystem::path temporary =
      path.parent_path() /
      fmt::format(".{}.{}.tmp", path.filename().string(), static_cast<long>(::getpid()));
  try {
    FileWriter writer(temporary, FileWriter::Mode::replace);
    write(writer);
    writer.close();
    std::error_code error;
    std::filesystem::rename(temporary, path, error);
    check_io(!error, "{}: cannot replace: {}", path.string(), error.message());
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw;
  }
  sync_directory(path.has_parent_path() ? path.parent_path() : std::filesystem::path("."));
}

}  // namespace heed
