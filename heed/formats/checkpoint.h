// Checkpoints: folders `step-N` that are there as a whole or not at all.
//
//   CheckpointWriter writer(run, 1000);
//   writer.add_tensors("model.safetensors", parameters, {{"format", "pt"}});
//   writer.add_tensors("optimizer.safetensors", moments);
//   writer.add_file("config.json", config);
//   writer.commit();
//   point_link(run, "last", 1000);
//
//   CheckpointReader reader(run / "last");
//   Tensor weight = reader.tensors("model.safetensors").tensor("weight");
//
// A folder holds the files and `checkpoint.json`, which names each with its size and a CRC32C: of
// the whole content of a plain file, of the header of a safetensors file, whose tensors carry their
// own. The JSON ends with a checksum of itself.
//
// Thread-safety: a writer belongs to one thread; a reader may be shared.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "heed/formats/safetensors.h"

namespace heed {

// What checkpoint.json says of one file.
struct CheckpointFile {
  bool has_tensors = false;
  std::uint64_t byte_count = 0;
  std::string checksum;  // of the content, or of the header when it has tensors
};

// Writes into a hidden folder `.step-N.PID.tmp` of the run directory; commit() gives it its name.
// When anything fails (a full disk, say) that folder is removed, the error (input_output) names the
// path, and whatever was in the run directory is as before. A writer that failed cannot go on.
class CheckpointWriter {
 public:
  // The run directory must exist.
  CheckpointWriter(const std::filesystem::path& run_directory, std::int64_t step);
  // Without commit() nothing stays.
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  // Writes a safetensors file; see write_safetensors.
  void add_tensors(const std::string& file_name, std::span<const NamedTensor> tensors,
                   const SafetensorsMetadata& metadata = {});
  void add_tensors(const std::string& file_name, std::initializer_list<NamedTensor> tensors,
                   const SafetensorsMetadata& metadata = {});
  // Writes any other content: configurations, states, tokenizers.
  void add_file(const std::string& file_name, std::string_view content);
  // Brings everything to the disk and renames the folder to `step-N`, whose path is returned. A
  // checkpoint of the same step that is there already is replaced in one move.
  std::filesystem::path commit();

 private:
  std::filesystem::path path_of_new(const std::string& file_name) const;
  void abandon() noexcept;

  std::filesystem::path run_directory_;
  std::filesystem::path temporary_;  // empty once committed or abandoned
  std::int64_t step_;
  std::map<std::string, CheckpointFile> files_;
};

// Reads a checkpoint and believes nothing: what is returned has been compared with its checksums.
// Errors (bad_data) name the file, the tensor, and what to do.
class CheckpointReader {
 public:
  // `directory` may be a link such as `last`; it is followed once. Checks checkpoint.json and the
  // presence and size of every file.
  explicit CheckpointReader(const std::filesystem::path& directory);

  const std::filesystem::path& directory() const { return directory_; }
  std::int64_t step() const { return step_; }
  const std::map<std::string, CheckpointFile>& files() const { return files_; }
  bool contains(const std::string& file_name) const { return files_.contains(file_name); }

  // A file that was written by add_tensors, all of it verified.
  SafetensorsFile tensors(const std::string& file_name, Device device = {}) const;
  // The content of a file that was written by add_file.
  std::string file(const std::string& file_name) const;
  // Reads everything.
  void verify() const;

 private:
  const CheckpointFile& find(const std::string& file_name, bool has_tensors) const;

  std::filesystem::path directory_;
  std::int64_t step_ = 0;
  std::map<std::string, CheckpointFile> files_;
};

}  // namespace heed
