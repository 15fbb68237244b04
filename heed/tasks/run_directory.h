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

// What a directory can be continued as.
enum class DirectoryContent { run, comparison };

// Whether such a thing was begun in `directory`, however far it came: also one that was killed
// before it had saved anything.
bool is_begun(DirectoryContent content, const std::filesystem::path& directory);

// Checks that there is something to continue. Error (usage): nothing was begun there, or something
// else; a directory beside it whose name is like it, and where there is something, is suggested.
void check_is_begun(DirectoryContent content, const std::filesystem::path& directory);

// Removes what a process left that was killed while it wrote. Only for the holder of the lock.
void remove_unfinished_files(const std::filesystem::path& directory);

}  // namespace heed
