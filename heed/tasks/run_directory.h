// What the commands that train do to the directories that they write into.
#pragma once

#include <filesystem>

namespace heed {

// Keeps a second process out of a directory. The lock goes with the process, however it ends.
class DirectoryLock {
 public:
  // The directory must exist. Errors: input_output; usage when another process holds it.
  explicit DirectoryLock(const std::filesystem::path& directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  int descriptor_ = -1;
};

// Removes what a process left that was killed while it wrote. Only for the holder of the lock.
void remove_unfinished_files(const std::filesystem::path& directory);

}  // namespace heed
