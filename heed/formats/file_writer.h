// Files written piece by piece.
//
// Thread-safety: one object belongs to one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace heed {

// Gathers small pieces and hands large ones to the system as they are. Every failure (a full disk,
// say) is an input_output error that names the path. What was not flushed when the writer is
// destroyed is lost: call flush, or close, and learn of errors.
class FileWriter {
 public:
  enum class Mode { replace, append };

  FileWriter(const std::filesystem::path& path, Mode mode);
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  // Everything so far to the system: other processes see it.
  void flush();
  // Flushes, brings everything to the disk and closes.
  void close();

 private:
  void write_through(std::span<const std::byte> bytes);

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::string buffer_;
};

// Calls `write` with a writer on a temporary file beside `path`; then syncs it, renames it over
// `path` and syncs the directory. A reader sees the old file or the new one, never a part. When
// anything throws, the temporary file is removed and `path` is as before.
void write_atomically(const std::filesystem::path& path,
                      const std::function<void(FileWriter&)>& write);

}  // namespace heed
