// Files: reading with limits, writing that is either whole or not there at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace heed {

// The whole file as bytes. Errors (input_output) name the path: missing, unreadable, or neither a
// regular file nor what this process has open already, such as the /dev/fd/63 of a shell (a FIFO
// may never begin, a device never end); (bad_data) when it is larger than `limit` bytes.
std::string read_file(const std::filesystem::path& path,
                      std::uint64_t limit = std::uint64_t{1} << 32);

// Checks that a file that is going to be held whole comes to an end: that it is a regular one, or
// what this process has open already, such as /dev/stdin or the /dev/fd/63 of a shell. A missing
// file passes: who opens it says so. Error (input_output): it is something else.
void check_file_to_hold(const std::filesystem::path& path);

// Makes a directory and those above it, where they do not exist. Error (input_output): it cannot be
// made, or something else has its name.
void make_directory(const std::filesystem::path& directory);

// Whether there is anything of that name, links followed. Error (input_output): the system cannot
// say, because a link leads back to itself, say, or a directory above is closed.
bool path_exists(const std::filesystem::path& path);

// Removes a file or a directory with what is in it; nothing there is no error. Error
// (input_output): it cannot be removed.
void remove_tree(const std::filesystem::path& path);

// Writes `content` to a temporary file beside `path`, syncs it, renames it over `path` and syncs
// the directory: a reader sees the old file or the new one, never a part. On failure (a full disk,
// say) the temporary file is removed, `path` is untouched, and an input_output error is thrown.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

// The same for a file that a user named: one that is replaced keeps its mode and, where the system
// allows it, its owner. False, with nothing changed, when the folder or the file cannot be replaced
// although the file might be written over: a folder that is closed or sticky, a mounted file.
bool replace_file(const std::filesystem::path& path, std::string_view content);

// Writes `content` to `path` and syncs it to disk. Not atomic: for files inside a folder that is
// itself renamed into place.
void write_file(const std::filesystem::path& path, std::string_view content);

// Replaces the symbolic link `link` so that it points to `target`, atomically.
void replace_symlink(const std::filesystem::path& target, const std::filesystem::path& link);

// Flushes a directory's entries to disk.
void sync_directory(const std::filesystem::path& directory);

// A whole regular file mapped into memory. What is written over it stays in this process and never
// reaches the file. Movable; unmapped on destruction. An empty file gives no bytes.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  std::span<const std::byte> bytes() const { return {data_, size_}; }

  // Gives the memory of a range of the file back, as far as its pages lie in it whole. Whoever
  // looks there again reads the file again; what was written over it is lost. No such range:
  // nothing.
  void forget(std::size_t begin, std::size_t size) const;

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace heed
