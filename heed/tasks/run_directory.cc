#include "heed/tasks/run_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/unicode.h"
#include "heed/formats/checkpoint_directory.h"

namespace heed {

namespace fs = std::filesystem;

namespace {

constexpr const char* lock_name = ".lock";

bool holds_run(const fs::path& directory) {
  return path_exists(directory / "metrics.jsonl") || !list_checkpoints(directory).empty();
}

bool holds_comparison(const fs::path& directory) {
  return path_exists(directory / "study.yaml");
}

// " (did you mean runs/first?)"
std::string suggestion_beside(const fs::path& directory, DirectoryContent content) {
  const fs::path plain = (directory / "").lexically_normal().parent_path();
  const fs::path parent = plain.parent_path();
  std::vector<std::string> names;
  std::error_code closed;
  for (const auto& entry : fs::directory_iterator(parent.empty() ? "." : parent, closed)) {
    try {
      if (entry.is_directory(closed) && is_begun(content, entry.path())) {
        names.push_back(entry.path().filename().string());
      }
    } catch (const Error&) {  // a closed one is none to suggest
    }
  }
  const auto nearest = nearest_name(plain.filename().string(), names);
  return nearest ? " (did you mean " + (parent / *nearest).string() + "?)" : "";
}

}  // namespace

DirectoryLock::DirectoryLock(const fs::path& directory) {
  const fs::path path = directory / lock_name;
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  check_io(descriptor_ >= 0, "{}: cannot open: {}", path.string(), std::strerror(errno));
  check_usage(::flock(descriptor_, LOCK_EX | LOCK_NB) == 0,
              "{}: another process is training in this directory", directory.string());
}

DirectoryLock::~DirectoryLock() {
  ::close(descriptor_);
}

bool is_begun(DirectoryContent content, const fs::path& directory) {
  const bool run = holds_run(directory), comparison = holds_comparison(directory);
  const bool of_this_kind = content == DirectoryContent::run ? run : comparison;
  return of_this_kind || (!run && !comparison && path_exists(directory / lock_name));
}

void check_is_begun(DirectoryContent content, const fs::path& directory) {
  if (is_begun(content, directory)) {
    return;
  }
  if (content == DirectoryContent::run) {
    check_usage(!holds_comparison(directory),
                "{}: holds a comparison and no run; heed compare --resume continues it, and its "
                "runs are the directories VARIANT/seed-N in it",
                directory.string());
    fail(ErrorKind::usage,
         "{}: holds no run to continue{}; give --run the directory of the run, or begin a new one "
         "without --resume",
         directory.string(), suggestion_beside(directory, content));
  }
  check_usage(!holds_run(directory),
              "{}: holds a run and no comparison; heed train --resume continues it",
              directory.string());
  fail(ErrorKind::usage,
       "{}: holds no comparison to continue{}; give --run the directory of the comparison, or "
       "begin a new one without --resume",
       directory.string(), suggestion_beside(directory, content));
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
