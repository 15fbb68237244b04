#include "heed/tasks/run_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "heed/base/error.h"

namespace heed {

namespace fs = std::filesystem;

DirectoryLock::DirectoryLock(const fs::path& directory) {
  const fs::path path = directory / ".lock";
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  check_io(descriptor_ >= 0, "{}: cannot open: {}", path.string(), std::strerror(errno));
  check_usage(::flock(descriptor_, LOCK_EX | LOCK_NB) == 0,
              "{}: another process is training in this directory", directory.string());
}

DirectoryLock::~DirectoryLock() {
  ::close(descriptor_);
}

void remove_unfinished_files(const fs::path& directory) {
  std::vector<fs::path> unfinished = {directory / "tokenizer.tmp"};
  for (const char* part : {"", "validation", "average", "cache", "data", "test"}) {
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(directory / part, missing)) {
      const std::string name = entry.path().filename().string();
      if ((name.starts_with(".") && name.ends_with(".tmp")) ||
          name.find(".tokens.tmp") < name.size()) {
        unfinished.push_back(entry.path());
      }
    }
  }
  for (const fs::path& path : unfinished) {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
}

}  // namespace heed
