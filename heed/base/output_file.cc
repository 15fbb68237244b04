#include "heed/base/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>

#include "heed/base/error.h"
#include "heed/base/files.h"

namespace heed {

namespace {

namespace fs = std::filesystem;

// The descriptor of this process that a path names. Following such a link further would lead to
// what the descriptor was opened on, and replacing that would leave the descriptor behind.
std::optional<int> own_descriptor(const fs::path& path) {
  const std::string name = path.lexically_normal().string();
  if (name == "/dev/stdout") {
    return STDOUT_FILENO;
  }
  if (name == "/dev/stderr") {
    return STDERR_FILENO;
  }
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    int number = 0;
    if (name.starts_with(folder)) {
      const char* end = name.data() + name.size();
      const auto [rest, error] = std::from_chars(name.data() + folder.size(), end, number);
      return error == std::errc() && rest == end && number >= 0 ? std::optional(number)
                                                                : std::nullopt;
    }
  }
  return std::nullopt;
}

// Where the links at the end of the path lead, be there a file or not.
fs::path without_links(const fs::path& path) {
  constexpr int link_limit = 40;  // as the system's own
  fs::path place = path;
  std::error_code error;
  for (int i = 0; i < link_limit; ++i) {
    if (own_descriptor(place) || !fs::is_symlink(fs::symlink_status(place, error))) {
      return place;
    }
    const fs::path next = fs::read_symlink(place, error);
    check_io(!error, "{}: cannot follow the link: {}", path.string(), error.message());
    place = place.parent_path() / next;
  }
  fail(ErrorKind::input_output, "{}: its links lead back to themselves", path.string());
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

bool may(const fs::path& path, int how) {
  return ::access(path.c_str(), how) == 0;
}

void write_descriptor(int descriptor, std::string_view content, const fs::path& path) {
  while (!content.empty()) {
    const ssize_t count = ::write(descriptor, content.data(), content.size());
    if (count < 0 && errno == EINTR) {
      continue;
    }
    check_io(count > 0, "{}: cannot write: {}", path.string(), std::strerror(errno));
    content.remove_prefix(static_cast<std::size_t>(count));
  }
}

void write_over(const fs::path& target, std::string_view content, const fs::path& path) {
  const int descriptor = ::open(target.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY);
  check_io(descriptor >= 0, "{}: cannot open for writing: {}", path.string(), std::strerror(errno));
  try {
    write_descriptor(descriptor, content, path);
  } catch (...) {
    ::close(descriptor);
    throw;
  }
  // Some file systems report a full disk only here.
  const bool closed = ::close(descriptor) == 0;
  check_io(closed, "{}: cannot close: {}", path.string(), std::strerror(errno));
}

}  // namespace

OutputFile::OutputFile(const fs::path& path) : path_(path), target_(without_links(path)) {
  if (const auto descriptor = own_descriptor(target_)) {
    const int flags = ::fcntl(*descriptor, F_GETFL);
    check_io(flags != -1 && (flags & O_ACCMODE) != O_RDONLY, "{}: is not open for writing",
             path.string());
    way_ = Way::write_to_descriptor;
    descriptor_ = *descriptor;
    return;
  }
  struct stat status {};
  if (::stat(target_.c_str(), &status) != 0) {
    check_io(errno == ENOENT, "{}: cannot open for writing: {}", path.string(),
             std::strerror(errno));
    const fs::path folder = folder_of(target_);
    std::error_code error;
    check_io(fs::is_directory(folder, error), "{}: there is no directory {}", path.string(),
             folder.string());
    check_io(!target_.filename().empty() && may(folder, W_OK | X_OK),
             "{}: cannot be made: nothing may be written in {}", path.string(), folder.string());
    return;
  }
  check_io(!S_ISDIR(status.st_mode), "{}: is a directory, expected a file", path.string());
  check_io(!S_ISSOCK(status.st_mode), "{}: is a socket, expected a file", path.string());
  check_io(may(target_, W_OK), "{}: cannot open for writing: {}", path.string(),
           std::strerror(errno));
  if (!S_ISREG(status.st_mode) || !may(folder_of(target_), W_OK | X_OK)) {
    way_ = Way::write_over;
  }
}

void OutputFile::write(std::string_view content) const {
  if (way_ == Way::write_to_descriptor) {
    std::fflush(stdout);  // what was printed before comes before
    write_descriptor(descriptor_, content, path_);
  } else if (way_ == Way::write_over || !replace_file(target_, content)) {
    write_over(target_, content, path_);
  }
}

void check_output_directory(const fs::path& directory) {
  std::error_code error;
  fs::path place = fs::absolute(directory, error).lexically_normal();
  while (!fs::exists(place, error) && place.has_relative_path()) {
    check_io(!error, "{}: cannot create: {}", directory.string(), error.message());
    place = place.parent_path();
  }
  check_io(fs::is_directory(place, error), "{}: cannot create: {} is no directory",
           directory.string(), place.string());
  check_io(may(place, W_OK | X_OK), "{}: cannot create: nothing may be written in {}",
           directory.string(), place.string());
}

}  // namespace heed
