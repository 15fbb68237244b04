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
  explicit Descriptor(int value) : value_(value) {}
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

// Opening a FIFO would wait for someone who writes into it.
constexpr int read_at_once = O_RDONLY | O_NONBLOCK;

// Whether the path names a descriptor of this process.
bool is_open_already(const std::filesystem::path& path) {
  const std::string name = path.lexically_normal().string();
  return name == "/dev/stdin" || name.starts_with("/dev/fd/") || name.starts_with("/proc/self/fd/");
}

std::uint64_t regular_file_size(const Descriptor& file, const std::filesystem::path& path) {
  struct stat status {};
  const bool known = ::fstat(file.get(), &status) == 0;
  check_io(known, "{}: cannot stat: {}", path.string(), std::strerror(errno));
  check_io(!S_ISDIR(status.st_mode), "{}: is a directory, expected a file", path.string());
  check_io(S_ISREG(status.st_mode), "{}: is no regular file, and it has to be read as a whole",
           path.string());
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
  const bool open_already = is_open_already(path);
  const Descriptor file(path, open_already ? O_RDONLY : read_at_once);
  const std::uint64_t size = open_already ? 0 : regular_file_size(file, path);
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

void check_file_to_hold(const std::filesystem::path& path) {
  std::error_code error;
  const auto type = std::filesystem::status(path, error).type();
  check_io(type != std::filesystem::file_type::directory, "{}: is a directory, expected a file",
           path.string());
  check_io(error || type == std::filesystem::file_type::regular ||
               type == std::filesystem::file_type::not_found || is_open_already(path),
           "{}: is no regular file, and it has to be read as a whole; if something writes into it, "
           "let that write to standard input instead",
           path.string());
}

void make_directory(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  check_io(!error, "{}: cannot create: {}", directory.string(), error.message());
  check_io(std::filesystem::is_directory(directory, error), "{}: is no directory",
           directory.string());
}

bool path_exists(const std::filesystem::path& path) {
  std::error_code error;
  const bool exists = std::filesystem::exists(path, error);
  check_io(!error, "{}: cannot open: {}", path.string(), error.message());
  return exists;
}

void remove_tree(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  check_io(!error, "{}: cannot remove: {}", path.string(), error.message());
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

bool replace_file(const std::filesystem::path& path, std::string_view content) {
  struct stat status {};
  const bool replaces = ::stat(path.c_str(), &status) == 0;
  const std::filesystem::path temporary = temporary_beside(path);
  const auto not_allowed = [](int error) {
    return error == EACCES || error == EPERM || error == EROFS || error == EBUSY;
  };
  const int descriptor =
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, replaces ? 0600 : 0666);
  if (descriptor < 0 && replaces && not_allowed(errno)) {
    return false;
  }
  check_io(descriptor >= 0, "{}: cannot open for writing: {}", path.string(), std::strerror(errno));
  const Descriptor file(descriptor);
  try {
    if (replaces) {
      // The owner first: changing it may clear bits of the mode.
      if (::fchown(file.get(), status.st_uid, status.st_gid) != 0) {
        (void)::fchown(file.get(), static_cast<uid_t>(-1), status.st_gid);
      }
      (void)::fchmod(file.get(), status.st_mode & 07777);
    }
    write_all(file, content, path);
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
      const int error = errno;
      if (replaces && not_allowed(error)) {
        ::unlink(temporary.c_str());
        return false;
      }
      fail(ErrorKind::input_output, "{}: cannot replace: {}", path.string(), std::strerror(error));
    }
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  sync_directory(parent_of(path));
  return true;
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
  const Descriptor file(path, read_at_once);
  size_ = regular_file_size(file, path);
  if (size_ == 0) {
    return;
  }
  void* address =
      ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file.get(), 0);
  check_io(address != MAP_FAILED, "{}: cannot map: {}", path.string(), std::strerror(errno));
  data_ = static_cast<const std::byte*>(address);
}

void MappedFile::forget(std::size_t begin, std::size_t size) const {
  if (begin > size_ || size > size_ - begin) {
    return;
  }
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t first = (begin + page - 1) / page * page;
  const std::size_t last = (begin + size) / page * page;
  if (first < last) {
    // No more than advice: where it is not taken, the memory stays.
    ::madvise(const_cast<std::byte*>(data_) + first, last - first, MADV_DONTNEED);
  }
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
