// A file that a user named for a result: what stands there keeps what it is.
//
//   const OutputFile output("page.html");  // refuses at once what cannot be written
//   …                                      // the work
//   output.write(page);
//
// A regular file is replaced atomically and keeps its mode (a reader sees the old one or the new
// one), or is written over where its folder does not let it be replaced. Symbolic links are
// followed. Anything else, such as a FIFO, a device, /dev/stdout or /dev/fd/3, is written to.
//
// Thread-safety: one object belongs to one thread at a time.
#pragma once

#include <filesystem>
#include <string_view>

namespace heed {

class OutputFile {
 public:
  // Errors (input_output) name the path: a directory, a place where nothing may be written, links
  // that lead back to themselves. Makes nothing and changes nothing.
  explicit OutputFile(const std::filesystem::path& path);

  // Errors (input_output): a full disk, say; then a file that can be replaced is as before.
  void write(std::string_view content) const;

 private:
  enum class Way { replace, write_over, write_to_descriptor };

  std::filesystem::path path_;    // as it was given, for messages
  std::filesystem::path target_;  // without links
  Way way_ = Way::replace;
  int descriptor_ = -1;  // of this process, where path_ names one
};

// Refuses at once (input_output) a directory for results that can neither be made nor written in.
// Makes nothing.
void check_output_directory(const std::filesystem::path& directory);

}  // namespace heed
