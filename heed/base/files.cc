#include "heed/base/files.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "heed/base/error.h"

namespace heed {

namespace {

// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags, int mode = 0644)
      : value_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {
    check_io(value_ >= 0, "{}: cannot open: {}", path.string(), std::strerror(errno));
  }
  ~Descriptor() {
    if (value_ >= 0) {
      ::close(value_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }

 private:
  int value_;
};

std::uint64_t regular_file_size(const Descriptor& file, const std::filesystem::path& path) {
  struct stat status {};
  const bool known = ::fstat(file.get(), &status) == 0;
  check_io(known, "{}: cannot stat: {}", path.string(), std::strerror(errno));
  check_io(!S_ISDIR(status.st_mode), "{}: is a directory, expected a file", path.string());
  return static_cast<std::uint64_t>(status.st_size);
}

void write_all(const Descriptor& file, std::string_view content,
               const std::filesystem::path& path) {
  std::size_t written = 0;
  while (written < content.size()) {
    const ssize_t count = ::write(file.get(), content.data() + written, content.size() - written);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    check_io(count > 0, "{}: cannot write: {}", path.string(), std::strerror(errno));
    written += static_cast<std::size_t>(count);
  }
  const bool synced = ::fsync(file.get()) == 0;
  check_io(synced, "{}: cannot sync: {}", path.string(), std::strerror(errno));
}

std::filesystem::path temporary_beside(const std::filesystem::path& path) {
  return path.parent_path() /
         fmt::format(".{}.{}.tmp", path.filename().string(), static_cast<long>(::getpid()));
}

std::filesystem::path parent_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace

std::string read_file(const std::filesystem::path& path, std::uint64_t limit) {
  const Descriptor file(path, O_RDONLY);
  const std::uint64_t size = regular_file_size(file, path);
  check_data(size <= limit, "{}: {} bytes, more than the {} that are allowed here", path.string(),
             size, limit);
  std::string content;
  content.reserve(size);
  char buffer[1 << 16];
  for (;;) {
    const ssize_t count = ::read(file.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    check_io(count >= 0, "{}: cannot read: {}", path.string(), std::strerror(errno));
    if (count == 0) {
      return content;
    }
    content.append(buffer, static_cast<std::size_t>(count));
    check_data(content.size() <= limit, "{}: more than the {} bytes that are allowed here",
               path.string(), limit);
  }
}

void write_file(const std::filesystem::path& path, std::string_view content) {
  const Descriptor file(path, O_WRONLY | O_CREAT | O_TRUNC);
  write_all(file, content, path);
}

void write_file_atomically(const std::filesystem::path& path, std::string_view content) {
  const std::filesystem::path temporary = temporary_beside(path);
  try {
    write_file(temporary, content);
    std::error_code error;
    std::filesystem::rename(temporary, path, error);
    check_io(!error, "{}: cannot replace: {}", path.string(), error.message());
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw;
  }
  sync_directory(parent_of(path));
}

void replace_symlink(const std::filesystem::path& target, const std::filesystem::path& link) {
  const std::filesystem::path temporary = temporary_beside(link);
  std::error_code error;
  std::filesystem::remove(temporary, error);
  std::filesystem::create_symlink(target, temporary, error);
  check_io(!error, "{}: cannot create a link: {}", link.string(), error.message());
  std::filesystem::rename(temporary, link, error);
  check_io(!error, "{}: cannot replace: {}", link.string(), error.message());
  sync_directory(parent_of(link));
}

void sync_directory(const std::filesystem::path& directory) {
  const Descriptor file(directory, O_RDONLY | O_DIRECTORY);
  const bool synced = ::fsync(file.get()) == 0;
  check_io(synced, "{}: cannot sync: {}", directory.string(), std::strerror(errno));
}

MappedFile::MappedFile(const std::filesystem::path& path) {
  const Descriptor file(path, O_RDONLY);
  size_ = regular_file_size(file, path);
  if (size_ == 0) {
    return;
  }
  void* address =
      ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file.get(), 0);
  check_io(address != MAP_FAILED, "{}: cannot map: {}", path.string(), std::strerror(errno));
  data_ = static_cast<const std::byte*>(address);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) {
    ::munmap(const_cast<std::byte*>(data_), size_);
  }
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace heed
